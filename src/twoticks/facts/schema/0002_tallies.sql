-- One bitmap of message numbers per campaign, kind, key and quarter hour: every figure is the size of a set.
create table if not exists tallies
(
    campaign UInt32,
    kind Enum8('control' = 0, 'attempted' = 1, 'not_attempted' = 2, 'refused' = 3, 'unknown' = 4, 'sent' = 5,
               'delivered' = 6, 'viewed' = 7, 'failed' = 8, 'clicked' = 9, 'replied' = 10, 'converted' = 11),
    key UInt32,
    bucket DateTime('UTC'),
    msgs AggregateFunction(groupBitmap, UInt32),
    -- The same without the quarter hours, kept by the engine in every part: the union of hundreds of buckets takes ten
    -- times as long. Read through `group by kind, key` (with or without campaign).
    projection totals (select campaign, kind, key, groupBitmapMergeState(msgs) group by campaign, kind, key)
)
engine = AggregatingMergeTree
order by (campaign, kind, key, bucket)
settings deduplicate_merge_projection_mode = 'rebuild', lightweight_mutation_projection_mode = 'rebuild',
    fsync_after_insert = 1, fsync_part_directory = 1;
