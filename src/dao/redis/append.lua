-- A batch of everything that does not change accounts, in order; one answer for each.
-- KEYS: the feed's tag (no key itself, it begins them all), users.
-- ARGV: how many devices and how many tokens an account has, how many seconds a reference is
-- kept, the time, the server's node and the number of this batch, how many feeds there are, which
-- accounts are there (in all feeds but the first), then for each write the session
-- that asked for it and how the others read it, or nothing; its name and what it needs.
local tag, users = KEYS[1], KEYS[2]
local max_devices, max_tokens = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept_for, now = ARGV[3], tonumber(ARGV[4])
local node, batch = ARGV[5], ARGV[6]
local n_feeds = tonumber(ARGV[7])
local at = 8

-- Only the first feed has accounts; another one is told which of those it needs are there.
local there
if tag ~= home then
  there = {}
  for account in string.gmatch(ARGV[8], '%S+') do there[account] = true end
end

-- A batch whose answer did not arrive is sent once more, and is done once.
local before = tag .. 'done:' .. node
local last_batch = node ~= '0' and redis.call('GET', before)
if last_batch then
  local number, answers = string.match(last_batch, '^(%d+) (.*)$')
  if number == batch then return done(cjson.decode(answers)) end
end

local function take()
  at = at + 1
  return ARGV[at]
end

local function exists(account)
  if there then return there[account] == true end
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
      redis.call('HDEL', tag .. 'seen:' .. account, oldest)
    end
  end
  return cursors
end

local function forward(cursors, room, up_to)
  if up_to > number(cursors, room) then redis.call('HSET', cursors, room, digits(up_to)) end
end

local writes = {}

-- What a message does to another one (src/dao/redis/changes.rs does the same at an import).
local function change(room, about, what, sender, text, id)
  if what == 'edit' or what == 'delete' then
    redis.call('HSET', tag .. 'changes:' .. room, what .. ' ' .. about, digits(id))
  end
  local reactions = tag .. 'reactions:' .. room .. ':' .. about
  if what == 'react' then redis.call('HSET', reactions, sender .. ' ' .. text, digits(id)) end
  if what == 'unreact' then redis.call('HDEL', reactions, sender .. ' ' .. text) end
end

-- A message. The answer is what its reference stands for, whether that is new or not:
-- id, time, digest and nonce.
function writes.append()
  local room, one, other, ref = take(), take(), take(), take()
  local sender, name, time, text, reference = take(), take(), take(), take(), take()
  local digest, nonce, about, what = take(), take(), take(), take()
  -- A room that was closed does not come back.
  local no = string.match(room, '^!(%d+)$')
  if no and redis.call('EXISTS', tag .. 'named:' .. no) == 0 then return 'unknown_room' end
  local kept = redis.call('GET', ref)
  if kept then return kept end
  if redis.call('SISMEMBER', tag .. 'erasing', sender) == 1 then return 'unknown' end
  local id = redis.call('HINCRBY', tag .. 'last', room, 1)
  local entry = {'sender', sender, 'name', name, 'time', time, 'text', text, 'ref', reference}
  if what ~= '' then
    for _, part in ipairs({'about', about, 'what', what}) do entry[#entry + 1] = part end
    change(room, about, what, sender, text, id)
  end
  redis.call('XADD', tag .. 'room:' .. room, digits(id) .. '-0', unpack(entry))
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
  local account, device, time = take(), take(), take()
  if not exists(account) then return '' end
  open(account, device)
  if there then return '' end
  local seen = tag .. 'seen:' .. account
  local since = string.match(redis.call('HGET', seen, device) or '0 0', '^%S+')
  if since == '0' then since = time end
  redis.call('HSET', seen, device, since .. ' ' .. time)
  return ''
end

-- A device that a cursor in another feed makes known.
function writes.touch()
  local account, device = take(), take()
  if exists(account) then open(account, device) end
  return ''
end

-- The end of a room, or nothing where the account is not.
local function last_for(account, room)
  local is_in = room == 'lobby' or redis.call('HEXISTS', tag .. 'rooms:' .. account, room) == 1
  if is_in and exists(account) then return number(tag .. 'last', room) end
end

function writes.cursor()
  local account, device, room, up_to = take(), take(), take(), tonumber(take())
  local last = last_for(account, room)
  if not last then return '' end
  up_to = math.min(up_to, last)
  if device ~= '' then forward(open(account, device), room, up_to) end
  forward(shared(account), room, up_to)
  return ''
end

function writes.read()
  local account, room, up_to = take(), take(), tonumber(take())
  local last = last_for(account, room)
  if last then forward(tag .. 'read:' .. account, room, math.min(up_to, last)) end
  return ''
end

function writes.receipts()
  local account, receipts = take(), take()
  if not exists(account) then return 'unknown' end
  redis.call('HSET', tag .. 'receipts', account, receipts)
  return ''
end

function writes.ignore()
  local account, whom, is_so, most = take(), take(), take(), tonumber(take())
  local ignored = tag .. 'ignored:' .. account
  if not exists(account) then return 'unknown' end
  if is_so == '0' then
    redis.call('SREM', ignored, whom)
  elseif redis.call('SISMEMBER', ignored, whom) == 0 then
    if redis.call('SCARD', ignored) >= most then return 'full' end
    redis.call('SADD', ignored, whom)
  end
  return ''
end

local function end_token(digest)
  local token = redis.call('HGET', tag .. 'tokens', digest)
  if not token then return end
  redis.call('HDEL', tag .. 'tokens', digest)
  redis.call('ZREM', tag .. 'tokens:' .. string.match(token, '^%S+'), digest)
end

function writes.token()
  local account, device, digest, expires = take(), take(), take(), take()
  if not exists(account) then return 'unknown' end
  local tokens = tag .. 'tokens:' .. account
  end_token(digest)
  -- The expired ones, and of too many those that end first.
  local others = redis.call('ZRANGE', tokens, 0, -1, 'WITHSCORES')
  local left = #others / 2
  for i = 1, #others, 2 do
    if tonumber(others[i + 1]) <= now or left >= max_tokens then
      end_token(others[i])
      left = left - 1
    end
  end
  redis.call('HSET', tag .. 'tokens', digest, account .. ' ' .. expires .. ' ' .. device)
  redis.call('ZADD', tokens, expires, digest)
  return ''
end

function writes.revoke()
  end_token(take())
  return ''
end

function writes.revoke_device()
  local account, device = take(), take()
  for _, digest in ipairs(redis.call('ZRANGE', tag .. 'tokens:' .. account, 0, -1)) do
    local token = redis.call('HGET', tag .. 'tokens', digest) or ''
    if string.match(token, '^%S+ %S+ (.*)$') == device then end_token(digest) end
  end
  return ''
end

function writes.revoke_all()
  revoke(tag, take())
  return ''
end

-- Words go; what is left of the message stands beside the stream (src/dao/redis/erase.rs).
local function erase(account, room, id)
  local entry = redis.call('XRANGE', tag .. 'room:' .. room, id .. '-0', id .. '-0')[1]
  if not entry then return 0 end
  local it = {}
  for i = 1, #entry[2], 2 do it[entry[2][i]] = entry[2][i + 1] end
  local what = it.what or ''
  if it.sender ~= account or not (what == '' or what == 'reply' or what == 'edit') then return 0 end
  local left = {id, account, it.time or '', it.ref or '', it.about or '', what, it.name or ''}
  redis.call('ZADD', tag .. 'erased:' .. room, id, table.concat(left, '\31'))
  return redis.call('XDEL', tag .. 'room:' .. room, id .. '-0')
end

function writes.erase()
  local account, room, count, erased = take(), take(), tonumber(take()), 0
  for _ = 1, count do erased = erased + erase(account, room, take()) end
  return digits(erased)
end

function writes.erased()
  redis.call('SREM', tag .. 'erasing', take())
  return ''
end

-- The oldest messages of a room, up to the first that may stay; erased ones are among them.
function writes.prune()
  local room, before, keep, limit = take(), tonumber(take()), tonumber(take()), tonumber(take())
  local too_many = number(tag .. 'last', room) - keep
  -- For Redis a count of 0 means all.
  if limit == 0 then return '0' end
  local stream, erased, oldest = tag .. 'room:' .. room, tag .. 'erased:' .. room, {}
  for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', limit)) do
    local id, time = tonumber(string.match(entry[1], '^%d+')), 0
    for i = 1, #entry[2], 2 do
      if entry[2][i] == 'time' then time = tonumber(entry[2][i + 1]) or 0 end
    end
    oldest[#oldest + 1] = {id, time}
  end
  for _, left in ipairs(redis.call('ZRANGE', erased, 0, limit - 1)) do
    local id, time = string.match(left, '^(%d+)\31[^\31]*\31(-?%d*)')
    oldest[#oldest + 1] = {tonumber(id) or 0, tonumber(time) or 0}
  end
  table.sort(oldest, function(a, b) return a[1] < b[1] end)
  local gone, up_to = 0, 0
  for i = 1, math.min(#oldest, limit) do
    local id, time = oldest[i][1], oldest[i][2]
    if id > too_many and time >= before then break end
    gone, up_to = i, id
    redis.call('HDEL', tag .. 'changes:' .. room, 'edit ' .. digits(id), 'delete ' .. digits(id))
    redis.call('DEL', tag .. 'reactions:' .. room .. ':' .. digits(id))
  end
  if gone > 0 then
    redis.call('XTRIM', stream, 'MINID', '=', digits(up_to + 1) .. '-0')
    redis.call('ZREMRANGEBYSCORE', erased, '-inf', digits(up_to))
  end
  return digits(gone)
end

-- Comes into a room that is there; the answer is since when and as what. Whoever has no account
-- passes through.
local function enter(account, room)
  local members, key = tag .. 'members:' .. room, '!' .. room
  local since = digits(number(tag .. 'last', key))
  if not exists(account) then return since .. ' 1' end
  redis.call('SREM', tag .. 'invited:' .. account, room)
  local role = redis.call('HLEN', members) == 0 and '3' or '1'
  redis.call('HSETNX', members, account, role)
  redis.call('HSETNX', tag .. 'rooms:' .. account, key, since)
  return redis.call('HGET', tag .. 'rooms:' .. account, key) .. ' '
    .. redis.call('HGET', members, account)
end

-- The room that a write is about: the others are told how it is then.
local touched

local function is_room(room)
  touched = room
  return redis.call('EXISTS', tag .. 'named:' .. room) == 1
end

function writes.create()
  local account, name, kind, guests, nonce = take(), take(), take(), take(), take()
  if not exists(account) then return 'unknown_user' end
  local taken = redis.call('HGET', tag .. 'numbers', name)
  if taken then
    if redis.call('HGET', tag .. 'named:' .. taken, 'nonce') == nonce then
      touched = taken
      return taken
    end
    return 'room_taken'
  end
  redis.call('HSETNX', tag .. 'meta', 'next_room', 1)
  -- The number says which feed the room is in.
  local room = digits(redis.call('HINCRBY', tag .. 'meta', 'next_room', n_feeds) - n_feeds)
  redis.call('HSET', tag .. 'named:' .. room, 'name', name, 'topic', '', 'kind', kind,
    'guests', guests, 'nonce', nonce)
  redis.call('HSET', tag .. 'numbers', name, room)
  redis.call('ZADD', tag .. 'names', 0, name)
  enter(account, room)
  touched = room
  return room
end

function writes.enter()
  local account, room = take(), take()
  if not is_room(room) then return 'unknown_room' end
  return enter(account, room)
end

-- Records an act that keeps order. The same one again is the same.
local function record(deed)
  if deed ~= '' then redis.call('ZADD', tag .. 'deeds', 0, deed) end
end

function writes.kick()
  local account, room, deed = take(), take(), take()
  if not is_room(room) then return 'unknown_room' end
  record(deed)
  return leave(tag, account, room)
end

-- Whom a room bans in person is no member any more.
function writes.sanction()
  local field, sanction, room, whom, deed = take(), take(), take(), take(), take()
  if room ~= '' and not is_room(room) then return 'unknown_room' end
  redis.call('HSET', tag .. 'sanctions', field, sanction)
  record(deed)
  if whom == '' then return '' end
  return leave(tag, whom, room)
end

function writes.lift()
  local field, room, deed = take(), take(), take()
  if room ~= '' and not is_room(room) then return 'unknown_room' end
  redis.call('HDEL', tag .. 'sanctions', field)
  record(deed)
  return ''
end

-- If it is still this very one.
function writes.expire()
  local field, sanction = take(), take()
  if redis.call('HGET', tag .. 'sanctions', field) == sanction then
    redis.call('HDEL', tag .. 'sanctions', field)
    return '1'
  end
  return '0'
end

-- An invitation code; those that are over go.
function writes.make_code()
  local digest, kept = take(), take()
  local codes = redis.call('HGETALL', tag .. 'codes')
  for i = 1, #codes, 2 do
    local expires = tonumber(string.match(codes[i + 1], '%S+$'))
    if expires and expires <= now then redis.call('HDEL', tag .. 'codes', codes[i]) end
  end
  redis.call('HSET', tag .. 'codes', digest, kept)
  return ''
end

function writes.end_code()
  redis.call('HDEL', tag .. 'codes', take())
  return ''
end

-- Who asked before a moment, the oldest first.
function writes.forget_applicants()
  local before, limit = tonumber(take()), tonumber(take())
  local all, old = redis.call('HGETALL', tag .. 'applicants'), {}
  for i = 1, #all, 2 do
    local since = tonumber(string.match(all[i + 1], '^%-?%d+'))
    if since and since < before then old[#old + 1] = {since, all[i]} end
  end
  table.sort(old, function(a, b) return a[1] < b[1] end)
  local gone = math.min(#old, limit)
  for i = 1, gone do redis.call('HDEL', tag .. 'applicants', old[i][2]) end
  return digits(gone)
end

function writes.deed()
  record(take())
  return ''
end

function writes.forget_deeds()
  local before, limit = take(), take()
  if limit == '0' then return '0' end
  local old = redis.call('ZRANGEBYLEX', tag .. 'deeds', '-', before, 'LIMIT', 0, limit)
  for _, deed in ipairs(old) do redis.call('ZREM', tag .. 'deeds', deed) end
  return digits(#old)
end

function writes.leave()
  local account, room = take(), take()
  if not is_room(room) then return 'unknown_room' end
  return leave(tag, account, room)
end

function writes.invite()
  local account, room = take(), take()
  if not is_room(room) then return 'unknown_room' end
  if not exists(account) then return 'unknown_user' end
  if redis.call('HEXISTS', tag .. 'members:' .. room, account) == 0 then
    redis.call('SADD', tag .. 'invited:' .. account, room)
  end
  return ''
end

function writes.role()
  local account, room, role, deed = take(), take(), take(), take()
  if not is_room(room) then return 'unknown_room' end
  if redis.call('HEXISTS', tag .. 'members:' .. room, account) == 0 then return 'not_there' end
  record(deed)
  redis.call('HSET', tag .. 'members:' .. room, account, role)
  return ''
end

function writes.topic()
  local room, topic = take(), take()
  if not is_room(room) then return 'unknown_room' end
  redis.call('HSET', tag .. 'named:' .. room, 'topic', topic)
  return ''
end

function writes.set()
  local room, kind, guests, deed = take(), take(), take(), take()
  if not is_room(room) then return 'unknown_room' end
  record(deed)
  redis.call('HSET', tag .. 'named:' .. room, 'kind', kind, 'guests', guests)
  return ''
end

-- A room is no more. What was said in it goes in steps, under keys that nobody reads.
function writes.close()
  local room, nonce, deed = take(), take(), take()
  local name, key = redis.call('HGET', tag .. 'named:' .. room, 'name'), '!' .. room
  if not name then
    return redis.call('HGET', tag .. 'closed', room) == nonce and '' or 'unknown_room'
  end
  for _, account in ipairs(redis.call('HKEYS', tag .. 'members:' .. room)) do
    for _, of in ipairs({'rooms:', 'read:', 'cursors:'}) do
      redis.call('HDEL', tag .. of .. account, key)
    end
    for _, device in ipairs(redis.call('ZRANGE', tag .. 'devices:' .. account, 0, -1)) do
      redis.call('HDEL', tag .. 'cursors:' .. account .. ':' .. device, key)
    end
  end
  for _, field in ipairs(redis.call('HKEYS', tag .. 'sanctions')) do
    if string.match(field, '^%d+') == room then redis.call('HDEL', tag .. 'sanctions', field) end
  end
  redis.call('DEL', tag .. 'named:' .. room, tag .. 'members:' .. room)
  if n_feeds > 1 and redis.call('HGET', tag .. 'numbers', name) ~= room then
    -- It came here by an import, and its name is looked up in another feed.
    redis.call('HSET', tag .. 'unnamed', name, room)
  else
    redis.call('HDEL', tag .. 'numbers', name)
    redis.call('ZREM', tag .. 'names', name)
  end
  redis.call('HDEL', tag .. 'last', key)
  for from, to in pairs({room = 'gone:', changes = 'gone_changes:', erased = 'gone_erased:'}) do
    from = from .. ':' .. key
    if redis.call('EXISTS', tag .. from) == 1 then redis.call('RENAME', tag .. from, tag .. to .. room) end
  end
  redis.call('HSET', tag .. 'closed', room, nonce)
  record(deed)
  return ''
end

-- References end by themselves, and invitations to a room that is not there are none.
function writes.sweep()
  local limit = tonumber(take())
  local left = limit
  for _, room in ipairs(redis.call('HKEYS', tag .. 'closed')) do
    local key, up_to = tag .. 'gone:' .. room, nil
    if left == 0 then break end
    for _, entry in ipairs(redis.call('XRANGE', key, '-', '+', 'COUNT', left)) do
      up_to, left = tonumber(string.match(entry[1], '^%d+')), left - 1
      redis.call('DEL', tag .. 'reactions:!' .. room .. ':' .. digits(up_to))
    end
    if up_to then redis.call('XTRIM', key, 'MINID', '=', digits(up_to + 1) .. '-0') end
    local erased, n_erased = tag .. 'gone_erased:' .. room, 0
    if left > 0 then
      for _, entry in ipairs(redis.call('ZRANGE', erased, 0, left - 1, 'WITHSCORES')) do
        n_erased = n_erased + 1
        -- Every second one is an id.
        if n_erased % 2 == 0 then
          redis.call('DEL', tag .. 'reactions:!' .. room .. ':' .. digits(tonumber(entry)))
        end
      end
      n_erased = n_erased / 2
      if n_erased > 0 then redis.call('ZREMRANGEBYRANK', erased, 0, n_erased - 1) end
      left = left - n_erased
    end
    if left > 0 then
      redis.call('DEL', key)
      redis.call('UNLINK', tag .. 'gone_changes:' .. room)
      -- What a server of an older version has put there since.
      redis.call('UNLINK', tag .. 'room:!' .. room, tag .. 'changes:!' .. room)
      redis.call('HDEL', tag .. 'last', '!' .. room)
      redis.call('HDEL', tag .. 'closed', room)
    end
  end
  return digits(limit - left)
end

function writes.operator()
  local account, is_operator = take(), take()
  if not exists(account) then return 'unknown' end
  redis.call(is_operator == '1' and 'SADD' or 'SREM', tag .. 'operators', account)
  return ''
end

function writes.guests()
  local count = tonumber(take())
  return digits(redis.call('HINCRBY', tag .. 'meta', 'next_guest', 0 - count) + count)
end

function writes.nothing()
  return ''
end

-- What became of a write that is done already.
function writes.answer()
  return take()
end

-- For the others: what is said of who is here, and the tidings themselves. A server that was given
-- up says nothing until it has a place again; what is told by no server (0) is the operator's.
function writes.tell()
  local tidings, is_all, count = take(), take(), tonumber(take())
  local is_known = node == '0' or redis.call('HEXISTS', tag .. 'nodes', node) == 1
  local people = tag .. 'people:' .. node
  if is_known and is_all == '1' then redis.call('DEL', people) end
  for _ = 1, count do
    local user, present = take(), take()
    if is_known and present == '' then redis.call('HDEL', people, user) end
    if is_known and present ~= '' then redis.call('HSET', people, user, present) end
  end
  if is_known then publish(tag, 'node', node, 'tidings', tidings) end
  return ''
end

-- Tells the others, and the server that asked, what became of a write.
local function tell(session, write, answer)
  if not touched then
    return publish(tag, 'node', node, 'session', session, 'write', write, 'answer', answer)
  end
  local room = redis.call('HMGET', tag .. 'named:' .. touched, 'name', 'topic', 'kind', 'guests')
  local now_is = {touched, room[1] or '', room[2] or '', room[3] or '', room[4] or ''}
  publish(tag, 'node', node, 'session', session, 'write', write, 'answer', answer,
    'room', cjson.encode(now_is))
end

local answers, is_told = {}, false
while at < #ARGV do
  local session, write = take(), nil
  if session ~= '' then write = take() end
  touched = nil
  local kind = take()
  local answer = writes[kind]()
  if write then tell(session, write, answer) end
  is_told = is_told or write or kind == 'tell'
  answers[#answers + 1] = answer
end
if is_told and node ~= '0' then
  redis.call('SET', before, batch .. ' ' .. cjson.encode(answers), 'EX', 86400)
end
return done(answers)
