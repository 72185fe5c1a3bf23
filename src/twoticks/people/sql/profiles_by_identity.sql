-- The profiles of some people as they stand, erased ones among them. Bind in order of identity: neighbours share granules.
select identity, phone, texts, numbers, flags, version, erased
from profiles final
prewhere identity in {identities:Array(String)}
