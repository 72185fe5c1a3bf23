-- Who is in a campaign: message numbers are dense from 0, control members included.
create table if not exists members
(
    campaign UInt32,
    seq UInt32,
    identity String,
    phone String,
    arm Enum8('target' = 0, 'control' = 1),
    held Enum8('' = 0, 'no_phone' = 1, 'bad_number' = 2, 'duplicate_number' = 3, 'opted_out' = 4, 'frequency_cap' = 5,
               'campaign_limit' = 6, 'do_not_disturb' = 7, 'missing_value' = 8, 'cut_off' = 9, 'stopped' = 10,
               'erased' = 11),
    run UInt32,
    at DateTime64(3, 'UTC')
)
engine = ReplacingMergeTree
order by (campaign, seq)
settings fsync_after_insert = 1, fsync_part_directory = 1;
