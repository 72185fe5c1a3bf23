create materialized view if not exists members_by_phone_view to members_by_phone as
select phone, campaign, seq
from members
where arm = 'target' and held = '' and phone != '';
