-- join
-- Gives a server a place among those that share this store.
-- KEYS: the feed's tag. ARGV: its name, its address, the node that the first feed gave it, or nothing
-- there.
-- The answer: its node, the number of the newest entry, and of each other node who is there.
local tag, name, address, node = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local meta, now = tag .. 'meta', clock()
if node == '' then
  local started = tonumber(redis.call('HGET', meta, 'started') or 0)
  node = digits(math.max(now, started + 1))
  redis.call('HSET', meta, 'started', node)
end
local left = sweep(tag, node, now, name)
local feed = redis.call('HGET', meta, 'feed') or '0'
local others = {}
for i = 1, #left, 2 do
  others[#others + 1] = {left[i], redis.call('HVALS', tag .. 'people:' .. left[i])}
end
local sign = digits(now) .. ' ' .. feed .. ' ' .. name .. ' ' .. address
redis.call('HSET', tag .. 'nodes', node, sign)
return done({node, feed, others})
