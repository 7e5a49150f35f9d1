-- A new account, never over another, whatever the other's record looks like. 1: it is there; 2: the
-- invitation code is not good; 3: it waits to be let in; 4: too many wait.
-- KEYS: the feed's tag, users, the set of its name.
-- ARGV: id, record, 'again' when an earlier attempt may have come through, the digest of a code or
-- nothing, the time, how many may wait where it has to be let in, or nothing, the number under which
-- the other feeds have forgotten the id, or nothing.
local tag, id, code, most = KEYS[1], ARGV[1], ARGV[4], tonumber(ARGV[6])
-- The words of who had this id before are still being erased.
if redis.call('SISMEMBER', tag .. 'erasing', id) == 1 then return done(0) end
local waiting = tag .. 'applicants'
local kept = redis.call('HGET', waiting, id)
if kept then
  if ARGV[3] == 'again' and kept == ARGV[5] .. ' ' .. ARGV[2] then return done(3) end
  return done(0)
end
if redis.call('HEXISTS', KEYS[2], id) == 1 then
  -- The record holds a salted hash: the same one again can only be our own.
  if ARGV[3] == 'again' and redis.call('HGET', KEYS[2], id) == ARGV[2] then return done(1) end
  return done(0)
end
if not is_clear(tag, id, ARGV[7]) then return done(0) end
if most then
  if redis.call('HLEN', waiting) >= most then return done(4) end
  redis.call('HSET', waiting, id, ARGV[5] .. ' ' .. ARGV[2])
  return done(3)
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
add(tag, KEYS[2], KEYS[3], id, ARGV[2])
return done(1)
