-- Facts that arrive while old ones are counted again go to both tables; a union does not mind hearing of one twice.
create materialized view tallies_new_view to tallies_new as
select campaign, kind, key, toStartOfFifteenMinutes(at) as bucket, groupBitmapState(seq) as msgs
from facts
group by campaign, kind, key, bucket
