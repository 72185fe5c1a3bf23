-- Every goal event inside a message's window, keyed by the event's id: a sale is counted once however often it is told.
create table if not exists conversions
(
    campaign UInt32,
    seq UInt32,
    event_id UInt64,
    at DateTime64(3, 'UTC'),
    amount Decimal(18, 4)
)
engine = ReplacingMergeTree
order by (campaign, seq, event_id)
settings fsync_after_insert = 1, fsync_part_directory = 1;
