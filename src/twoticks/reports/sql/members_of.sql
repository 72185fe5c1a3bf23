-- Who these messages are for.
select seq, identity, phone, toString(arm)
from members final
where campaign = {campaign:UInt32} and seq in {seqs:Array(UInt32)}
order by seq
