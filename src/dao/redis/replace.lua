-- Another record for an account, if it still has the one that was read. 1: done.
-- KEYS: the feed's tag, users, the sets of the old and the new name.
-- ARGV: id, old record, new record, 'revoke' when its tokens are to end.
local tag, id = KEYS[1], ARGV[1]
if redis.call('HGET', KEYS[2], id) ~= ARGV[2] then return done(0) end
redis.call('HSET', KEYS[2], id, ARGV[3])
redis.call('ZREM', KEYS[3], id)
redis.call('ZADD', KEYS[4], id, id)
if ARGV[4] == 'revoke' then revoke(tag, id) end
return done(1)
