select query_id
from system.processes
where query_kind = 'Insert'
