-- Another epoch where the mark of a copy stands, which ends; of several servers the first one
-- makes it. KEYS: meta. ARGV: epoch, how many feeds there are.
if redis.call('HDEL', KEYS[1], 'copy') == 0 then return 0 end
-- The other feeds get it next: who finds one with the epoch before goes on with that.
if ARGV[2] ~= '1' then
  redis.call('HSET', KEYS[1], 'before', redis.call('HGET', KEYS[1], 'epoch'))
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1])
return 1
