create materialized view if not exists members_by_user_view to members_by_user as
select identity, campaign, seq, arm, at
from members;
