-- Messages of a range that have been tried, or never will be.
select distinct seq
from facts
where campaign = {campaign:UInt32} and kind in ('attempted', 'not_attempted') and seq between {first:UInt32} and {last:UInt32}
