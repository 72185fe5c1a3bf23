-- Which of some people were erased; that is final, so any version of the profile that says so will do.
select distinct identity
from profiles
prewhere erased
where identity in {identities:Array(String)}
