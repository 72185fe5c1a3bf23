-- Follows bucket.sql. How many messages are in the bucket, and the next few of them.
select bitmapCardinality(chosen), bitmapToArray(bitmapSubsetLimit(chosen, {from:UInt32}, {limit:UInt32}))
from bucket
