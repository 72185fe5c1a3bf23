-- Messages that may go to a phone: what an incoming message without a context is attributed through.
create table if not exists members_by_phone
(
    phone String,
    campaign UInt32,
    seq UInt32
)
engine = ReplacingMergeTree
order by (phone, campaign, seq)
settings index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1;
