-- A new account, never over another, whatever the other's record looks like. 1: it is there.
-- KEYS: the feed's tag, users, the set of its name.
-- ARGV: id, record, 'again' when an earlier attempt may have come through.
local tag, id = KEYS[1], ARGV[1]
if redis.call('HSETNX', KEYS[2], id, ARGV[2]) == 0 then
  -- The record holds a salted hash: the same one again can only be our own.
  if ARGV[3] == 'again' and redis.call('HGET', KEYS[2], id) == ARGV[2] then return 1 end
  return 0
end
-- An account that was removed by hand may have left its rooms and cursors to this one.
for _, device in ipairs(redis.call('ZRANGE', tag .. 'devices:' .. id, 0, -1)) do
  redis.call('DEL', tag .. 'cursors:' .. id .. ':' .. device)
end
redis.call('DEL', tag .. 'devices:' .. id, tag .. 'rooms:' .. id, tag .. 'cursors:' .. id)
redis.call('ZADD', KEYS[3], id, id)
redis.call('HSET', tag .. 'cursors:' .. id, 'lobby', redis.call('HGET', tag .. 'last', 'lobby') or 0)
return 1
