-- The same people as audience_insert finds, counted by what would hold their message back.
select
    count() as qualified,
    countIf(phone = '') as no_phone,
    countIf(phone != '' and unwilling) as opted_out,
    countIf(phone != '' and not unwilling and identity != holder) as duplicate_number
from
(
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
)
