select uniqExact(seq)
from members
where campaign = {campaign:UInt32} and seq between {first:UInt32} and {last:UInt32}
