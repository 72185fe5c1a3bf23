-- Follows bucket.sql. Messages by the reason of their earliest fact of this kind. `ranks` number the reasons in the order
-- of their words, so of several at the same time the first of these wins, whichever was told first; an error number that
-- has no words ranks last.
, reasons as
(
    select bitAnd(earliest, 1048575) as rank, groupBitmapState(seq) as msgs
    from
    (
        select
            seq,
            min(bitOr(
                bitShiftLeft(toUInt64(toUnixTimestamp64Milli(at)), 20),
                transform(key, {numbers:Array(UInt32)}, {ranks:Array(UInt32)}, {no_words:UInt32}))) as earliest
        from facts
        where campaign = {campaign:UInt32} and kind = {kind:String}
        group by seq
    )
    group by rank
)
