-- Who waits gets the account, or does not. 1: done; 0: nobody waits, or asked anew meanwhile;
-- 2: somebody has the id by now, from another program that shares the users.
-- KEYS: the feed's tag, users, the set of the name.
-- ARGV: id, what stands of who waits, the record where they are let in or nothing, the act, the number
-- under which the other feeds have forgotten the id, or nothing.
local tag, id, deeds = KEYS[1], ARGV[1], KEYS[1] .. 'deeds'
if redis.call('HGET', tag .. 'applicants', id) ~= ARGV[2] then return done(0) end
if ARGV[3] ~= '' and redis.call('HEXISTS', KEYS[2], id) == 1 then return done(2) end
if ARGV[3] ~= '' and not is_clear(tag, id, ARGV[5]) then return done(0) end
redis.call('HDEL', tag .. 'applicants', id)
redis.call('ZADD', deeds, 0, ARGV[4])
if ARGV[3] ~= '' then add(tag, KEYS[2], KEYS[3], id, ARGV[3]) end
return done(1)
