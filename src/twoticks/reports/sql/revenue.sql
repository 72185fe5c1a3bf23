-- Follows marks.sql. Size of the control group; then buyers, sum and sum of squares of what each person of a group spent
-- in the window, target first. Every sale counts once, refunds are negative.
, (select groupBitmapMergeStateIf(msgs, mark = 'control') from marks) as control
select
    bitmapCardinality(control),
    (countIf(amount != 0 and not held), sumIf(amount, not held), sumIf(amount * amount, not held)),
    (countIf(amount != 0 and held), sumIf(amount, held), sumIf(amount * amount, held))
from
(
    select seq, toFloat64(sum(amount)) as amount, bitmapContains(control, seq) as held
    from conversions final
    where campaign = {campaign:UInt32} and seq < {qualified:UInt64}
    group by seq
)
