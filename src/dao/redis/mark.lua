-- Changes what stands of the first feed, if it still has the epoch that was seen.
-- KEYS: meta. ARGV: epoch, field, value or nothing, where it goes. 1: done.
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[2])
else
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
end
return 1
