-- Whoever has, or once had, one of these phones: the current profile tells which.
select distinct identity
from profiles
prewhere phone in {phones:Array(String)}
