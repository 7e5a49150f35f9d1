-- A new account, never over another, whatever the other's record looks like. 1: it is there.
-- KEYS: the feed's tag, users, the set of its name.
-- ARGV: id, record, 'again' when an earlier attempt may have come through.
local tag, id = KEYS[1], ARGV[1]
if redis.call('HSETNX', KEYS[2], id, ARGV[2]) == 0 then
  -- The record holds a salted hash: the same one again can only be our own.
  if ARGV[3] == 'again' and redis.call('HGET', KEYS[2], id) == ARGV[2] then return done(1) end
  return done(0)
end
-- An account that was removed by hand may have left all it had to this one.
forget(tag, id)
redis.call('ZADD', KEYS[3], id, id)
local last = redis.call('HGET', tag .. 'last', 'lobby') or 0
redis.call('HSET', tag .. 'cursors:' .. id, 'lobby', last)
redis.call('HSET', tag .. 'read:' .. id, 'lobby', last)
return done(1)
