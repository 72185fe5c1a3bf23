-- Buyers, sum and sum of squares of what each bought in the window, by arm; every sale once.
select
    bitmapContains(
        (select groupBitmapMergeState(msgs) from tallies where campaign = {campaign:UInt32} and kind = 'control'),
        seq) as held,
    countIf(spent != 0) as buyers,
    sum(spent) as total,
    sum(spent * spent) as squares
from
(
    select seq, toFloat64(sum(amount)) as spent
    from conversions final
    where campaign = {campaign:UInt32} and seq < {qualified:UInt64}
    group by seq
)
group by held
