-- join
-- Gives a server a place among those that share this store.
-- KEYS: the feed's tag. ARGV: its name, its address.
-- The answer: its node, the number of the newest entry, and of each other node who is there.
local tag, name, address = KEYS[1], ARGV[1], ARGV[2]
local meta, now = tag .. 'meta', clock()
local started = tonumber(redis.call('HGET', meta, 'started') or 0)
local node = digits(math.max(now, started + 1))
redis.call('HSET', meta, 'started', node)
local left = sweep(tag, node, now, name)
local feed = redis.call('HGET', meta, 'feed') or '0'
local others = {}
for i = 1, #left, 2 do
  others[#others + 1] = {left[i], redis.call('HVALS', tag .. 'people:' .. left[i])}
end
local sign = digits(now) .. ' ' .. feed .. ' ' .. name .. ' ' .. address
redis.call('HSET', tag .. 'nodes', node, sign)
return done({node, feed, others})
