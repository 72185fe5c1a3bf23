alter table {table:Identifier} drop part {part:String}
