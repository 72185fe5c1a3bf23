insert into schema_migrations (number, name, checksum, at)
select {number:UInt32}, {name:String}, {checksum:String}, toDateTime({at:UInt32}, 'UTC')
