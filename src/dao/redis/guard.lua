-- In front of every script that writes: is this still the store that was opened, with all in it
-- that this program was told is there? Every script counts up, so a Redis that was emptied, or
-- that came back as an older copy of itself, is found out before an id is given twice.
-- With several servers the count alone would be made good by who has seen less: so after Redis has
-- begun anew nobody writes before every server has looked, or had three seconds for it.
-- Nor does anybody whose layout is older than the one that is there by now: it would leave out, or
-- undo, what it does not know.
-- KEYS[1]: the feed's tag. The last six of ARGV: the layout, the epoch, the newest count that was seen, the
-- number of the newest entry of the feed that was, the server's node (0: no server) and which run of
-- Redis this is, or nothing.
local run, self, heard = table.remove(ARGV), table.remove(ARGV), tonumber(table.remove(ARGV))
local seen, epoch = tonumber(table.remove(ARGV)), table.remove(ARGV)
local layout = tonumber(table.remove(ARGV))
local meta, patience = KEYS[1] .. 'meta', 3000
local known = redis.call('HMGET', meta, 'epoch', 'commits', 'run', 'copy', 'feed', 'version')
if tonumber(known[6] or 0) > layout then
  return redis.error_reply('NEWER ' .. known[6] .. ' ' .. layout)
end
if known[1] ~= epoch then
  return redis.error_reply('REPLACED it is empty or another store')
end
if tonumber(known[2] or 0) < seen or tonumber(known[5] or 0) < heard then
  -- The next server to open it makes a new epoch.
  redis.call('HSET', meta, 'copy', 1)
  return redis.error_reply('REPLACED what was written last is gone')
end
if known[4] and self ~= '0' then
  return redis.error_reply('REPLACED another server has seen more')
end
if run ~= '' and known[3] ~= run then
  local looks, time = KEYS[1] .. 'looks:' .. run, redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  -- Where memory is short, this is refused; what comes after a first write is not.
  redis.call('HSETNX', looks, 'since', string.format('%.0f', now))
  redis.call('HSET', looks, self, 1)
  redis.call('EXPIRE', looks, 60)
  local waits = known[3] and now < tonumber(redis.call('HGET', looks, 'since')) + patience
  for _, node in ipairs(waits and redis.call('HKEYS', KEYS[1] .. 'nodes') or {}) do
    if redis.call('HEXISTS', looks, node) == 0 then
      return redis.error_reply('RESTARTED it has begun anew, and the servers look at it for three seconds')
    end
  end
  redis.call('HSET', meta, 'run', run)
end
local commits = redis.call('HINCRBY', meta, 'commits', 1)

-- What a script returns.
local function done(answer)
  return {commits, answer}
end

