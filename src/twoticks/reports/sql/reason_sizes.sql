-- Follows reasons_*.sql. How many messages of the bucket each reason has, and how many there are.
select rank, bitmapAndCardinality(chosen, msgs) as found, bitmapCardinality(chosen) as total
from bucket
left join reasons on true
