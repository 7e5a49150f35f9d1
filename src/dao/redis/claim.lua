-- A number under which the other feeds are to forget what they have of an id; it stands until they
-- have. 0: it is not to be had. The second answer: 1 where words of who had the id are still erased.
-- KEYS: the feed's tag, users. ARGV: id, 1 where it is to be registered.
local tag, id = KEYS[1], ARGV[1]
local is_erasing = redis.call('SISMEMBER', tag .. 'erasing', id)
if ARGV[2] == '1' and is_erasing == 1 then return done({0, 0}) end
if redis.call('HEXISTS', KEYS[2], id) == 1 then
  redis.call('ZREM', tag .. 'leaving', id)
  return done({0, 0})
end
redis.call('ZADD', tag .. 'leaving', commits, id)
return done({commits, is_erasing})
