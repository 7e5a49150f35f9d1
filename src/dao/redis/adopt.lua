-- A feed gets the epoch of the first one. KEYS: meta. ARGV: epoch.
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then
  redis.call('HDEL', KEYS[1], 'copy')
  redis.call('HSET', KEYS[1], 'epoch', ARGV[1])
end
return 1
