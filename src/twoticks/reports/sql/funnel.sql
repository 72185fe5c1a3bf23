-- Follows marks.sql. Messages that did every step up to and including this one, in whatever order of time: each step has
-- marks that count, and marks that keep a message out.
select step, groupBitmapAnd(msgs) over (order by step) as total
from
(
    select step, bitmapAndnot(groupBitmapMergeStateIf(msgs, counts), groupBitmapMergeStateIf(msgs, not counts)) as msgs
    from marks
    array join {steps:Array(UInt8)} as step, {counts:Array(Bool)} as counts, {marks:Array(String)} as wanted
    where wanted = mark
    group by step
)
order by step
