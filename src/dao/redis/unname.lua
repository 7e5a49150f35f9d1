-- A name is free that stood here for a room of another feed. KEYS: the feed's tag. ARGV: name, room.
if redis.call('HGET', KEYS[1] .. 'numbers', ARGV[1]) == ARGV[2] then
  redis.call('HDEL', KEYS[1] .. 'numbers', ARGV[1])
  redis.call('ZREM', KEYS[1] .. 'names', ARGV[1])
end
return done(1)
