-- Follows marks.sql. Whether some message has more than one reason of this kind.
select sum(bitmapCardinality(msgs)) > groupBitmapMerge(msgs)
from marks
where mark = {kind:String}
