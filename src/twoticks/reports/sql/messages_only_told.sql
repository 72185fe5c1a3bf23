-- Messages of which a provider told clicks on a link that we saw nobody follow: one for each message and link.
select
    toString(kind) as what,
    if(kind = 'clicked', key, 0) as link,
    bitmapAndnotCardinality(groupBitmapStateIf(seq, event = 0), groupBitmapStateIf(seq, event != 0)) as times
from facts
where campaign = {campaign:UInt32} and kind in ('clicked', 'replied') and seq < {qualified:UInt64}
    and seq in
        (select seq from facts where campaign = {campaign:UInt32} and kind in ('clicked', 'replied') and event = 0)
    and ({targets_only:Bool} or seq not in (select seq from facts where campaign = {campaign:UInt32} and kind = 'control'))
group by kind, link
