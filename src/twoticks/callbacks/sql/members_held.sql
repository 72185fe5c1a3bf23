-- Members of one slice that are never sent to: the control group, and those held back, with the reason.
select seq, toString(arm), toString(held), toUnixTimestamp64Milli(at)
from members final
where campaign = {campaign:UInt32} and seq between {first:UInt32} and {last:UInt32} and (arm = 'control' or held != '')
