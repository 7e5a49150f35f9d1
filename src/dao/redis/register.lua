-- A new account, never over another, whatever the other's record looks like. 1: it is there; 2: the
-- invitation code is not good.
-- KEYS: the feed's tag, users, the set of its name.
-- ARGV: id, record, 'again' when an earlier attempt may have come through, the digest of a code or
-- nothing, the time.
local tag, id, code = KEYS[1], ARGV[1], ARGV[4]
-- The words of who had this id before are still being erased.
if redis.call('SISMEMBER', tag .. 'erasing', id) == 1 then return done(0) end
if redis.call('HEXISTS', KEYS[2], id) == 1 then
  -- The record holds a salted hash: the same one again can only be our own.
  if ARGV[3] == 'again' and redis.call('HGET', KEYS[2], id) == ARGV[2] then return done(1) end
  return done(0)
end
if code ~= '' then
  local kept = redis.call('HGET', tag .. 'codes', code) or ''
  local uses, expires = string.match(kept, '^(%d+) (%-?%d+)$')
  if not uses or tonumber(expires) <= tonumber(ARGV[5]) then return done(2) end
  local left = tonumber(uses) - 1
  if left > 0 then
    redis.call('HSET', tag .. 'codes', code, string.format('%.0f', left) .. ' ' .. expires)
  else
    redis.call('HDEL', tag .. 'codes', code)
  end
end
redis.call('HSET', KEYS[2], id, ARGV[2])
-- An account that was removed by hand may have left all it had to this one.
forget(tag, id)
redis.call('ZADD', KEYS[3], id, id)
local last = redis.call('HGET', tag .. 'last', 'lobby') or 0
redis.call('HSET', tag .. 'cursors:' .. id, 'lobby', last)
redis.call('HSET', tag .. 'read:' .. id, 'lobby', last)
return done(1)
