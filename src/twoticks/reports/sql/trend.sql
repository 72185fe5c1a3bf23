-- How many messages have a mark of this series up to and including this period. Period '' comes first and holds, of all
-- times, the marks that keep a message out. Periods are dates, or Unix seconds for hours, so that they sort as texts.
with dated as
(
    select
        mark,
        period,
        if(bitmapMax(told) < {qualified:UInt64}, told, bitmapSubsetInRange(told, 0, {qualified:UInt64})) as msgs
    from
    (
        select
            multiIf(kind != 'replied', toString(kind), key = 0, 'replied_exact', 'replied_last_message') as mark,
            multiIf(
                {interval:String} = 'hour', leftPad(toString(toUnixTimestamp(toStartOfHour(bucket, {zone:String}))), 10, '0'),
                {interval:String} = 'week', toString(toMonday(bucket, {zone:String})),
                {interval:String} = 'month', toString(toStartOfMonth(bucket, {zone:String})),
                toString(toDate(bucket, {zone:String}))) as period,
            groupBitmapMergeState(msgs) as told
        from tallies
        where campaign = {campaign:UInt32}
        group by mark, period
    )
)
select distinct series, period, groupBitmapMerge(msgs) over (partition by series order by period) as total
from
(
    select series, if(counts, period, '') as period, groupBitmapMergeState(msgs) as msgs
    from dated
    array join {series:Array(String)} as series, {counts:Array(Bool)} as counts, {marks:Array(String)} as wanted
    where wanted = mark
    group by series, period
)
order by series, period
