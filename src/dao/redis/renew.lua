-- Another epoch where the mark of a copy stands, which ends; of several servers the first one
-- makes it. KEYS: meta. ARGV: epoch.
if redis.call('HDEL', KEYS[1], 'copy') == 0 then return 0 end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1])
return 1
