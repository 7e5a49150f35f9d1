-- leave
-- A server ends. KEYS: the feed's tag. ARGV: node.
if redis.call('HEXISTS', KEYS[1] .. 'nodes', ARGV[1]) == 1 then remove(KEYS[1], ARGV[1]) end
return done('')
