-- Two sets are equal if each is as large as their union.
select
    campaign,
    toString(kind),
    key,
    bucket,
    groupBitmapMerge(msgs) - groupBitmapMergeIf(msgs, side = 'tallies') as missing,
    groupBitmapMerge(msgs) - groupBitmapMergeIf(msgs, side = 'facts') as surplus
from
(
    select 'facts' as side, campaign, kind, key, toStartOfFifteenMinutes(at) as bucket, groupBitmapState(seq) as msgs
    from facts
    where campaign between {first:UInt32} and {last:UInt32}
    group by campaign, kind, key, bucket
    union all
    select 'tallies' as side, campaign, kind, key, bucket, msgs
    from tallies
    where campaign between {first:UInt32} and {last:UInt32}
)
group by campaign, kind, key, bucket
having missing > 0 or surplus > 0
order by campaign, kind, key, bucket
limit {limit:UInt32}
