-- Hits on tracked links that no person made, with the reason; counted nowhere else.
create table if not exists automated_hits
(
    campaign UInt32,
    link UInt32,
    seq UInt32,
    event UInt64,
    at DateTime64(3, 'UTC'),
    reason LowCardinality(String)
)
engine = ReplacingMergeTree
order by (campaign, link, seq, event)
settings fsync_after_insert = 1, fsync_part_directory = 1;
