-- Follows bucket.sql. The same as reasons_earliest.sql where no message has two reasons, without reading a fact.
, reasons as
(
    select
        transform(key, {numbers:Array(UInt32)}, {ranks:Array(UInt32)}, {no_words:UInt32}) as rank,
        groupBitmapMergeState(msgs) as msgs
    from marks
    where mark = {kind:String}
    group by rank
)
