-- Makes the identity of a store, or of one of its feeds, when there is none, and gives it back.
-- KEYS: meta. ARGV: version, epoch, key, then the fields and values of a new one.
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('HSET', KEYS[1], 'version', ARGV[1], 'epoch', ARGV[2], 'key', ARGV[3],
    unpack(ARGV, 4))
end
-- Version 1 had no named rooms, version 2 did not know when a device was there, version 3 had no
-- sanctions, version 4 no messages about messages, version 5 no invitation codes, version 6 nobody
-- who is ignored, version 7 no erased words, version 8
-- nobody who waits to be let in, version 9 no room that was closed; nothing of them has to change.
-- A store of several feeds is of version 11.
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or nil)
if version and version < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'version', ARGV[1])
end
return redis.call('HMGET', KEYS[1], 'version', 'epoch', 'key', 'commits', 'share')
