create materialized view if not exists tallies_view to tallies as
select campaign, kind, key, toStartOfFifteenMinutes(at) as bucket, groupBitmapState(seq) as msgs
from facts
group by campaign, kind, key, bucket;
