-- What makes an account: put in front of the scripts that do.
local function add(tag, users, names, id, record)
  redis.call('HSET', users, id, record)
  -- An account that was removed by hand may have left all it had to this one.
  forget(tag, id)
  redis.call('ZADD', names, id, id)
  local last = redis.call('HGET', tag .. 'last', 'lobby') or 0
  redis.call('HSET', tag .. 'cursors:' .. id, 'lobby', last)
  redis.call('HSET', tag .. 'read:' .. id, 'lobby', last)
end

