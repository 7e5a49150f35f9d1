-- What makes an account: put in front of the scripts that do.

-- Has every other feed forgotten the id, under the number that is given? It is nobody else's to make
-- then. With one feed there is nothing to forget.
local function is_clear(tag, id, number)
  return number == '' or tonumber(redis.call('ZSCORE', tag .. 'leaving', id) or 0) == tonumber(number)
end

local function add(tag, users, names, id, record)
  redis.call('HSET', users, id, record)
  redis.call('ZREM', tag .. 'leaving', id)
  -- An account that was removed by hand may have left all it had to this one.
  forget(tag, id)
  redis.call('ZADD', names, id, id)
  local last = redis.call('HGET', tag .. 'last', 'lobby') or 0
  redis.call('HSET', tag .. 'cursors:' .. id, 'lobby', last)
  redis.call('HSET', tag .. 'read:' .. id, 'lobby', last)
end

