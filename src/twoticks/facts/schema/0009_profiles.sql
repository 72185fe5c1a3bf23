-- One row per change of a profile, holding the whole profile as it then stood; the highest version is the profile.
create table if not exists profiles
(
    identity String,
    phone String,
    opted_out Bool,
    texts Map(String, String),
    numbers Map(String, Float64),
    flags Map(String, Bool),
    version UInt64,
    erased Bool
)
engine = ReplacingMergeTree(version)
order by identity
settings index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1;
