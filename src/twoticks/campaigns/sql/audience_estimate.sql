-- The same people as audience_insert finds, counted by what would hold their message back.
select
    count() as qualified,
    countIf(phone = '') as no_phone,
    countIf(phone != '' and left) as opted_out,
    countIf(phone != '' and not left and identity != holder) as duplicate_number
from
(
    select identity, phone, opted_out as left, min(identity) over (partition by phone) as holder
    from profiles final
    where not erased
      and (
--condition
      )
)
