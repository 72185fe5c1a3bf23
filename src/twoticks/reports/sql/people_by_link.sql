-- Follows marks.sql. People who clicked each link, and control members who seem to have.
, with_control as
(
    select key as link, msgs, (select groupBitmapMergeState(msgs) from marks where mark = 'control') as control
    from marks
    where mark = 'clicked'
)
select link, bitmapAndnotCardinality(msgs, control), bitmapAndCardinality(msgs, control)
from with_control
