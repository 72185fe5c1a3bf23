select count() as rows, uniqExact(seq) as numbers, max(seq) as last, countIf(arm = 'control') as control, countIf(held != '') as held
from members
where campaign = {campaign:UInt32}
