alter table members delete where campaign = {campaign:UInt32} settings mutations_sync = 2
