-- The next id that nobody has and nobody had.
-- KEYS: the feed's tag, users.
local id
repeat
  id = string.format('%.0f', redis.call('HINCRBY', KEYS[1] .. 'meta', 'next_user', 1) - 1)
until redis.call('HEXISTS', KEYS[2], id) == 0
  and redis.call('HEXISTS', KEYS[1] .. 'applicants', id) == 0
  and redis.call('SREM', KEYS[1] .. 'retired', id) == 0
return done(id)
