create table if not exists schema_migrations
(
    number UInt32,
    name String,
    checksum String,
    at DateTime('UTC')
)
engine = MergeTree
order by number
settings fsync_after_insert = 1, fsync_part_directory = 1
