select campaign, count()
from facts
group by campaign
order by campaign
