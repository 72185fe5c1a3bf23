create table if not exists user_events
(
    name LowCardinality(String),
    identity String,
    at DateTime64(3, 'UTC'),
    received DateTime64(3, 'UTC'),
    event_id UInt64,
    texts Map(String, String),
    numbers Map(String, Float64),
    flags Map(String, Bool),
    index received_range received type minmax granularity 1
)
engine = ReplacingMergeTree
order by (name, at, identity, event_id)
partition by toYYYYMM(at)
settings fsync_after_insert = 1, fsync_part_directory = 1;
