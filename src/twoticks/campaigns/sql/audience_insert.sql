-- The members of a campaign, numbered densely by identity. Of several people with one phone the first by identity
-- holds it; the arm follows from the holder, so that all people behind one phone are in the same arm.
insert into members (campaign, seq, identity, phone, arm, held, run, at)
select
    {campaign:UInt32},
    toUInt32(row_number() over (order by identity) - 1) as seq,
    identity,
    phone,
    if(sipHash64({salt:String}, {campaign:UInt32}, if(phone = '', identity, holder)) % 10000 < {share:UInt32}, 'control', 'target') as arm,
    multiIf(arm = 'control', '', phone = '', 'no_phone', unwilling, 'opted_out', identity != holder, 'duplicate_number', '') as held,
    0,
    {at:DateTime64(3,'UTC')}
from
(
--audience
)
