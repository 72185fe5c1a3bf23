-- Message numbers of a campaign's control group: nothing is sent to them, so no callback can be theirs.
select seq
from members
where campaign = {campaign:UInt32} and arm = 'control'
