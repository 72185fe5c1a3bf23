-- Hits on tracked links that no person made.
select uniqExact(link, seq, event)
from automated_hits
where campaign = {campaign:UInt32}
