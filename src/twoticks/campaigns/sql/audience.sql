-- The people of an audience, each with the first by identity of those who share the phone. A number that opted out
-- (MSG-dndWhatsApp) gets nothing, whichever of its profiles says so and whether or not that one is in the audience.
select
    identity,
    phone,
    opted_out or phone in
    (
        select phone
        from profiles final
        where flags['MSG-dndWhatsApp'] and phone != '' and not erased
    ) as unwilling,
    min(identity) over (partition by phone) as holder
from profiles final
where not erased
  and (
--condition
  )
