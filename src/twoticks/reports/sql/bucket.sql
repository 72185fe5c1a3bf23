-- Follows marks.sql. One bucket: messages with a mark of `of` (of this key alone, unless it is negative) and one of
-- `within`, and with none of `without`.
, bucket as
(
    select bitmapAndnot(
        bitmapAnd(
            groupBitmapMergeStateIf(msgs, mark in {of:Array(String)} and ({key:Int64} < 0 or key = {key:Int64})),
            groupBitmapMergeStateIf(msgs, mark in {within:Array(String)})),
        groupBitmapMergeStateIf(msgs, mark in {without:Array(String)})) as chosen
    from marks
)
