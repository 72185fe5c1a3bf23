-- Members of one slice that are never sent to and have no fact yet that says so.
select uniqExact(seq)
from members
where campaign = {campaign:UInt32} and seq between {first:UInt32} and {last:UInt32} and (arm = 'control' or held != '')
  and seq not in
    (
        select seq
        from facts
        where campaign = {campaign:UInt32} and kind in ('control', 'not_attempted')
          and seq between {first:UInt32} and {last:UInt32}
    )
