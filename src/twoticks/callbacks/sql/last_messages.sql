-- Messages that were sent to a phone, with the time of the attempt: candidates for what a reply answers.
select phone, campaign, seq, toUnixTimestamp64Milli(min(at))
from facts
inner join (select distinct phone, campaign, seq from members_by_phone where phone in {phones:Array(String)}) as sent
using (campaign, seq)
where kind = 'attempted' and key = 0
  and campaign in (select campaign from members_by_phone where phone in {phones:Array(String)})
  and seq in (select seq from members_by_phone where phone in {phones:Array(String)})
group by phone, campaign, seq
