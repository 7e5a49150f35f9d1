-- A feed forgets what it has of an account, unless it has done so under a later number.
-- KEYS: the feed's tag. ARGV: id, number, 1 where nothing more that it says is to be stored.
local tag, id = KEYS[1], ARGV[1]
local key = tag .. 'cleared:' .. id
local before, of = string.match(redis.call('GET', key) or '', '^(%d+) (.*)$')
if before and of == epoch and tonumber(before) >= tonumber(ARGV[2]) then return done(0) end
forget(tag, id)
redis.call(ARGV[3] == '1' and 'SADD' or 'SREM', tag .. 'erasing', id)
-- A day is longer than any server takes from one step to the next.
redis.call('SET', key, ARGV[2] .. ' ' .. epoch, 'EX', 86400)
return done(1)
