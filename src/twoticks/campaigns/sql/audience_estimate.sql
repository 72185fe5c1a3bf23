-- The same people as audience_insert finds, counted by what would hold their message back.
select
    count() as qualified,
    countIf(phone = '') as no_phone,
    countIf(phone != '' and unwilling) as opted_out,
    countIf(phone != '' and not unwilling and identity != holder) as duplicate_number
from
(
--audience
)
