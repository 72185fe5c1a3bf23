-- People who clicked, by link.
select key, bitmapAndnotCardinality(
    bitmapSubsetInRange(groupBitmapMergeState(msgs), 0, toUInt32(least({qualified:UInt64}, 4294967295))),
    (select groupBitmapMergeState(msgs) from tallies where campaign = {campaign:UInt32} and kind = 'control')) as people
from tallies
where campaign = {campaign:UInt32} and kind = 'clicked'
group by key
