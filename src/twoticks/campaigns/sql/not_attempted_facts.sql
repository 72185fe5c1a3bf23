-- {reasons} and {numbers} go together: the error number of each reason.
insert into facts (campaign, kind, key, seq, event, at, received, block, time_replaced)
select
    campaign,
    'not_attempted',
    transform(toString(held), {reasons:Array(String)}, {numbers:Array(UInt32)}, toUInt32(0)) as number,
    seq, 0, at, at, {block:UInt64}, 0
from members final
where campaign = {campaign:UInt32} and arm = 'target' and held != ''
