-- How often links were clicked and messages replied to: every event once, however often it is told. `told` says that a
-- provider also told of clicks on a link of ours (event 0), which messages_only_told.sql counts.
select
    toString(kind) as what,
    if(kind = 'clicked', key, 0) as link,
    uniqExact(event) - max(event = 0) as times,
    max(event = 0) as told
from facts
where campaign = {campaign:UInt32} and kind in ('clicked', 'replied') and seq < {qualified:UInt64}
    and ({targets_only:Bool} or seq not in (select seq from facts where campaign = {campaign:UInt32} and kind = 'control'))
group by kind, link
