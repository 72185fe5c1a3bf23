-- Follows marks.sql. Kinds of errors for which some message has more than one reason.
select mark
from marks
where mark in ('not_attempted', 'refused', 'unknown', 'failed')
group by mark
having sum(bitmapCardinality(msgs)) > groupBitmapMerge(msgs)
