-- What several scripts do: it is put in front of them.

-- Ends all tokens of an account.
local function revoke(tag, account)
  local tokens = tag .. 'tokens:' .. account
  for _, digest in ipairs(redis.call('ZRANGE', tokens, 0, -1)) do
    redis.call('HDEL', tag .. 'tokens', digest)
  end
  redis.call('DEL', tokens)
end

-- Removes everything that an account has beside its record.
local function forget(tag, account)
  for _, device in ipairs(redis.call('ZRANGE', tag .. 'devices:' .. account, 0, -1)) do
    redis.call('DEL', tag .. 'cursors:' .. account .. ':' .. device)
  end
  redis.call('DEL', tag .. 'devices:' .. account, tag .. 'rooms:' .. account,
    tag .. 'cursors:' .. account, tag .. 'read:' .. account)
  redis.call('HDEL', tag .. 'receipts', account)
  revoke(tag, account)
end

