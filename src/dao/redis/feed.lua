-- feed
-- What several scripts do with the feed and with the servers that read it: it is put in front of
-- them.

-- Milliseconds. A server that was not heard of for so long has ended, as far as others can tell:
-- they notice within a second more.
local given_up = 3000
-- Where nobody was heard of for so long, Redis itself stood still: nobody is given up before all
-- had time to speak again.
local silence = 2000
-- Entries. A server that is further behind begins anew.
local max_feed = 65536

-- Milliseconds. What all have read is kept for so long: a server that was given up and is back
-- reads on where it was.
local kept = 60000

-- Where the servers have their places, and all is that is in no room.
local home = '{f0}'

-- Lua would write large numbers as 1e+15.
local function digits(number)
  return string.format('%.0f', number)
end

local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Adds an entry under the next number: whoever reads sees whether something is missing.
local function publish(tag, ...)
  local number = redis.call('HINCRBY', tag .. 'meta', 'feed', 1)
  redis.call('XADD', tag .. 'feed', 'MAXLEN', '~', max_feed, digits(number) .. '-0', ...)
end

-- Ends a server's place; the others are told once, where all have theirs.
local function remove(tag, node)
  redis.call('HDEL', tag .. 'nodes', node)
  if tag ~= home then return end
  redis.call('DEL', tag .. 'people:' .. node)
  publish(tag, 'gone', node)
end

-- Lets go of what all have read and is older than `kept`: of all of it, for there are texts in it,
-- and some are to be erased.
local function trim(tag, now, slowest)
  local meta = tag .. 'meta'
  local mark, since = string.match(redis.call('HGET', meta, 'mark') or '', '^(%d+) (%d+)$')
  if mark and now - tonumber(since) < kept then return end
  if mark then
    local first = math.min(slowest, tonumber(mark)) + 1
    redis.call('XTRIM', tag .. 'feed', 'MINID', '=', digits(first) .. '-0')
  end
  redis.call('HSET', meta, 'mark', (redis.call('HGET', meta, 'feed') or '0') .. ' ' .. digits(now))
end

-- Ends the places of servers that are not heard of any more, and of earlier runs under this name.
-- The answer is what is left: node and sign by turns.
local function sweep(tag, own, now, name)
  local meta = tag .. 'meta'
  local heard = tonumber(redis.call('HGET', meta, 'heard') or 0)
  redis.call('HSET', meta, 'heard', digits(now))
  if now - heard > silence then redis.call('HSET', meta, 'judge', digits(now + given_up)) end
  local judges = now >= tonumber(redis.call('HGET', meta, 'judge') or 0)
  local all, left, slowest = redis.call('HGETALL', tag .. 'nodes'), {}, nil
  for i = 1, #all, 2 do
    local node, sign = all[i], all[i + 1]
    local beat, read, named = string.match(sign, '^(%d+) (%d+) (%S*)')
    local is_over = named == name or (judges and now - tonumber(beat) > given_up)
    if node ~= own and is_over then
      remove(tag, node)
    else
      left[#left + 1], left[#left + 2] = node, sign
      slowest = math.min(slowest or tonumber(read), tonumber(read))
    end
  end
  if slowest then trim(tag, now, slowest) end
  return left
end

