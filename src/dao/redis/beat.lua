-- beat
-- A server lives, and has read the feed up to here.
-- KEYS: the feed's tag. ARGV: node, number of the entry, name, address.
-- The answer: 1 where it had been given up, and the addresses of all, by node.
local tag, node, now = KEYS[1], ARGV[1], clock()
local sign = digits(now) .. ' ' .. ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. ARGV[4]
local was_gone = redis.call('HSET', tag .. 'nodes', node, sign)
local left = sweep(tag, node, now, nil)
local nodes, addresses = {}, {}
for i = 1, #left, 2 do nodes[#nodes + 1] = {tonumber(left[i]), left[i + 1]} end
table.sort(nodes, function(a, b) return a[1] < b[1] end)
for _, known in ipairs(nodes) do
  local address = string.match(known[2], '^%d+ %d+ %S* (%S+)')
  if address then addresses[#addresses + 1] = address end
end
return done({was_gone, addresses})
