-- Parts that could not be read when the store was opened; the engine moved them aside and went on without them.
select table, name, reason
from system.detached_parts
where database = currentDatabase()
  and table != 'schema_migrations'
  and (reason like 'broken%' or reason in ('covered-by-broken', 'unexpected'))
order by table, name
