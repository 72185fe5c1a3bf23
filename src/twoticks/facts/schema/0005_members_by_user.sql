create table if not exists members_by_user
(
    identity String,
    campaign UInt32,
    seq UInt32,
    arm Enum8('target' = 0, 'control' = 1),
    at DateTime64(3, 'UTC')
)
engine = ReplacingMergeTree
order by (identity, campaign, seq)
settings index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1;
