-- All feeds have forgotten an id under this number. KEYS: the feed's tag. ARGV: id, number.
local leaving = KEYS[1] .. 'leaving'
if tonumber(redis.call('ZSCORE', leaving, ARGV[1]) or 0) == tonumber(ARGV[2]) then
  redis.call('ZREM', leaving, ARGV[1])
end
return done(1)
