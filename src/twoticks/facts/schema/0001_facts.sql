-- What happened to messages, append-only. Rows that are equal in the sorting key are one fact; the earliest receipt stays.
create table if not exists facts
(
    campaign UInt32,
    kind Enum8('control' = 0, 'attempted' = 1, 'not_attempted' = 2, 'refused' = 3, 'unknown' = 4, 'sent' = 5,
               'delivered' = 6, 'viewed' = 7, 'failed' = 8, 'clicked' = 9, 'replied' = 10, 'converted' = 11),
    key UInt32,
    seq UInt32,
    event UInt64,
    at DateTime64(3, 'UTC') codec(Delta, ZSTD(1)),
    received SimpleAggregateFunction(min, DateTime64(3, 'UTC')) codec(Delta, ZSTD(1)),
    block SimpleAggregateFunction(min, UInt64) codec(Delta, ZSTD(1)),
    time_replaced SimpleAggregateFunction(max, UInt8)
)
engine = AggregatingMergeTree
order by (campaign, kind, key, seq, event, at)
settings fsync_after_insert = 1, fsync_part_directory = 1;
