-- Message numbers by mark: kinds of facts, and two for replies. Read `group by kind, key` alone, tallies keep this ready
-- made. Numbers that the campaign has no member for are left out.
with marks as
(
    select
        multiIf(kind != 'replied', toString(kind), key = 0, 'replied_exact', 'replied_last_message') as mark,
        key,
        if(bitmapMax(told) < {qualified:UInt64}, told, bitmapSubsetInRange(told, 0, {qualified:UInt64})) as msgs
    from
    (
        select kind, key, groupBitmapMergeState(msgs) as told
        from tallies
        where campaign = {campaign:UInt32}
        group by kind, key
    )
)
