insert into tallies_new
select campaign, kind, key, toStartOfFifteenMinutes(at) as bucket, groupBitmapState(seq) as msgs
from facts
where campaign between {first:UInt32} and {last:UInt32}
group by campaign, kind, key, bucket
