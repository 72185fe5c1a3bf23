-- Who is sent to in a range of message numbers.
select seq, identity, phone
from members final
where campaign = {campaign:UInt32} and seq between {first:UInt32} and {last:UInt32} and arm = 'target' and held = ''
order by seq
