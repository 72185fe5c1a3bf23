alter table members_by_phone delete where campaign = {campaign:UInt32} settings mutations_sync = 2
