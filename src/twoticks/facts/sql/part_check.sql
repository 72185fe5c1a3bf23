check table {table:Identifier} settings check_query_single_value_result = 0
