-- Removes an account with its cursors, if it still has the record that was read. 1: done.
-- KEYS: the feed's tag, users, the set of its name. ARGV: id, record.
local tag, id = KEYS[1], ARGV[1]
if redis.call('HGET', KEYS[2], id) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[2], id)
redis.call('ZREM', KEYS[3], id)
for _, device in ipairs(redis.call('ZRANGE', tag .. 'devices:' .. id, 0, -1)) do
  redis.call('DEL', tag .. 'cursors:' .. id .. ':' .. device)
end
redis.call('DEL', tag .. 'devices:' .. id, tag .. 'rooms:' .. id, tag .. 'cursors:' .. id)
if tonumber(id) >= tonumber(redis.call('HGET', tag .. 'meta', 'next_user')) then
  redis.call('SADD', tag .. 'retired', id)
end
return 1
