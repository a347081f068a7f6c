// Parts of scripts over the tables of the quarantine and of submissions.

/** Quarantine. */
export const HELD = `
-- Removes a callback. Returns what is known about it.
local function removeHeld(id)
  local text = redis.call('HGET', P .. 'held:about', id)
  if not text then return nil end
  local about = cjson.decode(text)
  redis.call('HDEL', P .. 'held:about', id)
  redis.call('HDEL', P .. 'held:body', id)
  redis.call('DECRBY', P .. 'held:bytes', about.bytes)
  return about
end
`

/** Submissions. */
export const SUBMISSIONS = `
local function idsOf(task)
  return string.gmatch(redis.call('GET', P .. 's:t:' .. task) or '', '[^\\n]+')
end

local function dropRow(id)
  local text = redis.call('HGET', P .. 's:row', id)
  if not text then return end
  local row = cjson.decode(text)
  redis.call('HDEL', P .. 's:row', id)
  redis.call('ZREM', P .. 's:at', id)
  redis.call('ZREM', P .. 's:due', id)
  redis.call('SREM', P .. 's:overdue', id)
  if row.key ~= cjson.null then redis.call('HDEL', P .. 's:key', row.key) end
  if row.taskId == cjson.null then return end
  local left = {}
  for other in idsOf(row.taskId) do
    if other ~= id then left[#left + 1] = other end
  end
  if #left == 0 then
    redis.call('DEL', P .. 's:t:' .. row.taskId)
  else
    redis.call('SET', P .. 's:t:' .. row.taskId, table.concat(left, '\\n'))
  end
end

-- The newest submission of a task that is watched.
local function expectedOf(task)
  local newest
  for id in idsOf(task) do
    if redis.call('ZSCORE', P .. 's:due', id) then
      local row = cjson.decode(redis.call('HGET', P .. 's:row', id))
      if not newest or row.n > newest.n then newest = row end
    end
  end
  return newest
end
`

/** Erasure of a task. Its submissions are removed before. */
export const ERASING = `
-- No key of a delivery lives longer.
local DELIVERY_MS = 2 * 86400000

local function eraseTask(seed, now, task, ...)
  local last = tonumber(redis.call('HGET', P .. 't:' .. task, 'last') or 0)
  local events, callbacks = redis.call('LLEN', P .. 'e:' .. task), 0
  if last > 0 then redis.call('INCR', P .. 'fork') end
  local epoch = epochNow(seed)

  for _, id in ipairs({ ... }) do
    local held = removeHeld(id)
    if held then
      callbacks = callbacks + 1
      if held.delivery then
        local event = { seq = 0, epoch = epoch, task = task }
        remember(held.delivery.key, held.digest, event, held.delivery.expiresAt, false)
      end
    end
  end
  if last > 0 or callbacks > 0 then redis.call('SET', P .. 'x:' .. task, last, 'PX', DELIVERY_MS) end

  if last > 0 then
    redis.call('DEL', P .. 'e:' .. task)
    redis.call('HDEL', P .. 't:' .. task, 'digest')
    redis.call('HSET', P .. 't:' .. task, 'epochs', last .. ':' .. epoch)
    redis.call('ZREM', P .. 'index', task)
    redis.call('ZADD', P .. 'marks', now, task)
    -- News of another epoch: all followers ask the store.
    redis.call('SPUBLISH', P .. 'n:' .. task, last .. '\\n' .. epoch .. '\\ntask-update\\n{}')
  end
  return { events, callbacks, epoch }
end
`
