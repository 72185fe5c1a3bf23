-- Follows marks.sql. How many messages have a mark of this step of a line, or of an earlier one.
select distinct line, step, groupBitmapMerge(msgs) over (partition by line order by step) as total
from marks
array join {lines:Array(UInt8)} as line, {steps:Array(UInt8)} as step, {marks:Array(String)} as counted
where counted = mark
