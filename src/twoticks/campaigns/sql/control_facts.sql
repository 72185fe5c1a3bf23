insert into facts (campaign, kind, key, seq, event, at, received, block, time_replaced)
select campaign, 'control', 0, seq, 0, at, at, {block:UInt64}, 0
from members final
where campaign = {campaign:UInt32} and arm = 'control'
