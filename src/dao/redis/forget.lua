-- What several scripts do: it is put in front of them.

-- Ends all tokens of an account.
local function revoke(tag, account)
  local tokens = tag .. 'tokens:' .. account
  for _, digest in ipairs(redis.call('ZRANGE', tokens, 0, -1)) do
    redis.call('HDEL', tag .. 'tokens', digest)
  end
  redis.call('DEL', tokens)
end

-- Takes an account out of a named room. Of the last owner's followers the one with the highest
-- role comes next, of these the one with the smallest id: it is the answer then.
local function leave(tag, account, room)
  local members, key = tag .. 'members:' .. room, '!' .. room
  redis.call('SREM', tag .. 'invited:' .. account, room)
  redis.call('HDEL', tag .. 'rooms:' .. account, key)
  redis.call('HDEL', tag .. 'read:' .. account, key)
  redis.call('HDEL', tag .. 'cursors:' .. account, key)
  for _, device in ipairs(redis.call('ZRANGE', tag .. 'devices:' .. account, 0, -1)) do
    redis.call('HDEL', tag .. 'cursors:' .. account .. ':' .. device, key)
  end
  local was = redis.call('HGET', members, account)
  redis.call('HDEL', members, account)
  if was ~= '3' then return '' end
  local all, next, highest = redis.call('HGETALL', members), nil, nil
  -- Ids are compared as digits: Lua's numbers do not hold the largest.
  local function is_less(a, b) return #a < #b or (#a == #b and a < b) end
  for i = 1, #all, 2 do
    local id, role = all[i], all[i + 1]
    if role == '3' then return '' end
    if not next or role > highest or (role == highest and is_less(id, next)) then
      next, highest = id, role
    end
  end
  if not next then return '' end
  redis.call('HSET', members, next, '3')
  return next
end

-- Removes everything that an account has beside its record.
local function forget(tag, account)
  for _, key in ipairs(redis.call('HKEYS', tag .. 'rooms:' .. account)) do
    if string.sub(key, 1, 1) == '!' then leave(tag, account, string.sub(key, 2)) end
  end
  redis.call('DEL', tag .. 'invited:' .. account)
  redis.call('SREM', tag .. 'operators', account)
  for _, device in ipairs(redis.call('ZRANGE', tag .. 'devices:' .. account, 0, -1)) do
    redis.call('DEL', tag .. 'cursors:' .. account .. ':' .. device)
  end
  redis.call('DEL', tag .. 'devices:' .. account, tag .. 'rooms:' .. account,
    tag .. 'cursors:' .. account, tag .. 'read:' .. account, tag .. 'seen:' .. account,
    tag .. 'ignored:' .. account)
  redis.call('HDEL', tag .. 'receipts', account)
  revoke(tag, account)
end

