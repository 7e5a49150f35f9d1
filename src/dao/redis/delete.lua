-- Removes an account with all it has, if it still has the record that was read. 1: done.
-- KEYS: the feed's tag, users, the set of its name. ARGV: id, record, 1
-- where its words are to be erased, how many feeds there are.
local tag, id = KEYS[1], ARGV[1]
if redis.call('HGET', KEYS[2], id) ~= ARGV[2] then return done(0) end
redis.call('HDEL', KEYS[2], id)
redis.call('ZREM', KEYS[3], id)
forget(tag, id)
if ARGV[4] ~= '1' then redis.call('ZADD', tag .. 'leaving', commits, id) end
if tonumber(id) >= tonumber(redis.call('HGET', tag .. 'meta', 'next_user')) then
  redis.call('SADD', tag .. 'retired', id)
end
if ARGV[3] == '1' then redis.call('SADD', tag .. 'erasing', id) end
return done(1)
