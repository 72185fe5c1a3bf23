alter table {table:Identifier} drop detached part {part:String} settings allow_drop_detached = 1
