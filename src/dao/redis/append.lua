-- A batch of everything that is not about accounts, in order; one answer for each.
-- KEYS: the feed's tag (no key itself, it begins them all), users.
-- ARGV: how many devices an account has, how many seconds a reference is kept,
-- then for each write a letter and what it needs.
local tag, users = KEYS[1], KEYS[2]
local max_devices, kept_for = tonumber(ARGV[1]), ARGV[2]
local at = 2

local function take()
  at = at + 1
  return ARGV[at]
end

-- Lua would write large numbers as 1e+15.
local function digits(number)
  return string.format('%.0f', number)
end

local function exists(account)
  return redis.call('HEXISTS', users, account) == 1
end

local function number(key, field)
  return tonumber(redis.call('HGET', key, field) or 0)
end

local function shared(account)
  return tag .. 'cursors:' .. account
end

-- The cursors of a device, which is now the one used last. A new one starts where the shared
-- device is, the furthest of all; one too many ends the one used longest ago.
local function open(account, device)
  local devices = tag .. 'devices:' .. account
  local cursors = shared(account) .. ':' .. device
  local known = redis.call('ZSCORE', devices, device)
  local newest = redis.call('ZREVRANGE', devices, 0, 0, 'WITHSCORES')
  redis.call('ZADD', devices, tonumber(newest[2] or 0) + 1, device)
  if not known then
    local start = redis.call('HGETALL', shared(account))
    for i = 1, #start, 2 do redis.call('HSET', cursors, start[i], start[i + 1]) end
    if redis.call('ZCARD', devices) > max_devices then
      local oldest = redis.call('ZRANGE', devices, 0, 0)[1]
      redis.call('ZREM', devices, oldest)
      redis.call('DEL', shared(account) .. ':' .. oldest)
    end
  end
  return cursors
end

local function forward(cursors, room, up_to)
  if up_to > number(cursors, room) then redis.call('HSET', cursors, room, digits(up_to)) end
end

local writes = {}

-- A message. The answer is what its reference stands for, whether that is new or not:
-- id, time, digest and nonce.
function writes.append()
  local room, one, other, ref = take(), take(), take(), take()
  local sender, name, time, text, reference = take(), take(), take(), take(), take()
  local digest, nonce = take(), take()
  local kept = redis.call('GET', ref)
  if kept then return kept end
  local id = redis.call('HINCRBY', tag .. 'last', room, 1)
  redis.call('XADD', tag .. 'room:' .. room, digits(id) .. '-0', 'sender', sender, 'name', name,
    'time', time, 'text', text, 'ref', reference)
  kept = digits(id) .. ' ' .. time .. ' ' .. digest .. ' ' .. nonce
  redis.call('SET', ref, kept, 'EX', kept_for)
  -- What a private room held before was said to another owner of the id.
  for _, member in ipairs({one, other}) do
    if member ~= '' and exists(member) then
      redis.call('HSETNX', tag .. 'rooms:' .. member, room, digits(id - 1))
    end
  end
  return kept
end

function writes.open()
  local account, device = take(), take()
  if exists(account) then open(account, device) end
  return ''
end

function writes.cursor()
  local account, device, room, up_to = take(), take(), take(), tonumber(take())
  local is_in = room == 'lobby' or redis.call('HEXISTS', tag .. 'rooms:' .. account, room) == 1
  if not is_in or not exists(account) then return '' end
  up_to = math.min(up_to, number(tag .. 'last', room))
  if device ~= '' then forward(open(account, device), room, up_to) end
  forward(shared(account), room, up_to)
  return ''
end

function writes.guests()
  local count = tonumber(take())
  return digits(redis.call('HINCRBY', tag .. 'meta', 'next_guest', 0 - count) + count)
end

local answers = {}
while at < #ARGV do
  answers[#answers + 1] = writes[take()]()
end
return answers
