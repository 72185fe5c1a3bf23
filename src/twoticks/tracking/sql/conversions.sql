-- Goal events received in (received_from, received_to] that fall into the window of a message; one row for each.
-- Members and events stand in their tables more than once until parts merge: grouping makes one row of them.
-- A double times 10,000 may end in .9999…: rounding comes before the cast, which cuts off.
with events as (
    select identity, event_id, at, received,
        if(mapContains(numbers, {property:String}), numbers[{property:String}],
            toFloat64OrZero(texts[{property:String}])) as stated,
        if(isFinite(stated), greatest(least(stated, {largest:Float64}), -{largest:Float64}), 0) as bounded,
        toInt64(round(bounded * 10000)) * toDecimal64('0.0001', 4) as amount
    from user_events
    where name = {name:String}
        and received > fromUnixTimestamp64Milli({received_from:Int64}, 'UTC')
        and received <= fromUnixTimestamp64Milli({received_to:Int64}, 'UTC')
)
select m.campaign as campaign, m.seq as seq, e.event_id as event_id,
    argMax(e.at, e.received) as event_at, min(e.received) as first_received, argMax(e.amount, e.received) as revenue
from members_by_user as m
inner join events as e on e.identity = m.identity
where m.identity in (select identity from events)
    and m.campaign in {campaigns:Array(UInt32)}
    and e.at >= m.at
    and e.at < m.at + toIntervalSecond(
        transform(m.campaign, {campaigns:Array(UInt32)}, {windows:Array(UInt32)}, toUInt32(0)))
group by campaign, seq, event_id
