-- Follows marks.sql. For several error buckets at once: how many of its messages each reason has, how many it has, and how
-- many have any reason. A message with two reasons counts under both here.
, buckets as
(
    select
        bucket,
        bitmapAndnot(
            groupBitmapMergeStateIf(msgs, part = 'of'),
            groupBitmapMergeStateIf(msgs, part = 'without')) as chosen,
        groupBitmapMergeStateIf(msgs, part = 'given') as given
    from marks
    array join {buckets:Array(String)} as bucket, {parts:Array(String)} as part, {marks:Array(String)} as wanted
    where wanted = mark
    group by bucket
)
, reasons as
(
    select
        transform(mark, {kinds:Array(String)}, {buckets_of_kinds:Array(String)}, '') as bucket,
        transform(key, {numbers:Array(UInt32)}, {ranks:Array(UInt32)}, {no_words:UInt32}) as rank,
        groupBitmapMergeState(msgs) as msgs
    from marks
    where mark in {kinds:Array(String)}
    group by bucket, rank
)
select
    bucket,
    rank,
    bitmapAndCardinality(chosen, msgs) as found,
    bitmapCardinality(chosen) as total,
    bitmapAndCardinality(chosen, given) as explained
from buckets
left join reasons using (bucket)
