-- Follows bucket.sql. How many messages are not in the bucket, and the next few of them.
, rest as
(
    select
        (select chosen from bucket) as others,
        bitmapAndnot(
            (select groupBitmapState(toUInt32(number)) from numbers({from:UInt64}, {qualified:UInt64} - {from:UInt64})),
            others) as following
)
select {qualified:UInt64} - bitmapCardinality(others), bitmapToArray(bitmapSubsetLimit(following, 0, {limit:UInt32}))
from rest
