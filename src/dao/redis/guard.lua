-- In front of every script that writes: is this still the store that was opened, with all in it
-- that this program was told is there? Every script counts up, so a Redis that was emptied, or
-- that came back as an older copy of itself, is found out before an id is given twice.
-- KEYS[1]: the feed's tag. The last two of ARGV: the epoch, and the newest count that was seen.
local seen, epoch = tonumber(table.remove(ARGV)), table.remove(ARGV)
local meta = KEYS[1] .. 'meta'
if redis.call('HGET', meta, 'epoch') ~= epoch then
  return redis.error_reply('REPLACED it is empty or another store')
end
if tonumber(redis.call('HGET', meta, 'commits') or 0) < seen then
  -- The next server to open it makes a new epoch.
  redis.call('HSET', meta, 'copy', 1)
  return redis.error_reply('REPLACED what was written last is gone')
end
local commits = redis.call('HINCRBY', meta, 'commits', 1)

-- What a script returns.
local function done(answer)
  return {commits, answer}
end

