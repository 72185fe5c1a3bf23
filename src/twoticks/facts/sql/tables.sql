select name, engine
from system.tables
where database = currentDatabase()
