-- Follows reasons_*.sql. The same for one reason of the bucket, or for none at all if `rank` is negative.
select bitmapCardinality(these), bitmapToArray(bitmapSubsetLimit(these, {from:UInt32}, {limit:UInt32}))
from
(
    select if({rank:Int64} < 0, bitmapAndnot(chosen, given), bitmapAnd(chosen, given)) as these
    from bucket
    cross join
    (
        select groupBitmapMergeStateIf(msgs, {rank:Int64} < 0 or rank = {rank:Int64}) as given
        from reasons
    ) as reason
)
