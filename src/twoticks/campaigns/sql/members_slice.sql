select campaign, seq, identity, phone, toString(arm) as arm, toString(held) as held, run, at
from members final
where campaign = {campaign:UInt32} and seq between {first:UInt32} and {last:UInt32}
order by seq
