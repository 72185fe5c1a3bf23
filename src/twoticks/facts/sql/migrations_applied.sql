select number, any(checksum)
from schema_migrations
group by number
