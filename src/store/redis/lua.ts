// Parts of scripts. Keys, after the base `{<prefix>}:`, which is KEYS[1]:
//
//   life, fork     life of the history, and a number that grows when ids would be given again
//   t:<task>       hash: last, at, digest, epochs (`0:E1,6:E2`: from which seq on which epoch); outlives a trim
//   e:<task>       list of items, oldest first
//   index, marks   tasks by the time of their newest event: with events, and with the hash alone
//   watched        tasks by the end of a lease: some node follows them
//   d:<key>        a delivery: `<digest>\n<seq>\n<epoch>\n<task>`, without a seq while it is held
//   x:<task>       highest seq that was erased
//   expiries       times at which keys of deliveries were forgotten, one for each minute
//   held:about, held:body, held:last, held:bytes
//                  callbacks in quarantine: hashes by id, the last id, and the sum of the bodies
//   s:row, s:key   submissions as JSON by id; ids by idempotency key
//   s:t:<task>     ids of a task's submissions, one in a line
//   s:at, s:due    submissions by time, and those that are watched by the time when they are due
//   s:overdue      submissions that are overdue
//   nodes          hash of the relays: `<time>\n<about>` by a random id
//   s:n, s:calls, s:paused, s:secret
//                  last number, recent calls to Suno, end of a pause, the secret that signs reservations
//
// An item is `<at>[ <submission>]\n<event>\n<data>[\n<step>\n<meaning>]`.

/** Time and epoch. */
export const BASE = `
local P = KEYS[1]

local FORMAT = 1

local function wallClock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- A write that changes nothing: WAIT then covers the event that a duplicate repeats, too.
local function touch()
  redis.call('SET', P .. 'check', '')
end

local function epochNow(seed)
  local state = redis.call('MGET', P .. 'life', P .. 'fork')
  local life = state[1]
  if not life then
    -- The history may have been flushed: the same node begins another life.
    life = string.sub(redis.sha1hex(seed .. table.concat(redis.call('TIME'), ' ')), 1, 8)
    redis.call('MSET', P .. 'life', life, P .. 'format', FORMAT)
  end
  -- Redis takes another id at each start and each promotion.
  local fork = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x%x%x%x%x%x%x%x)') or '0'
  return life .. '-' .. fork .. (state[2] and '-' .. state[2] or '')
end
`

/** Epochs of a task. */
export const EPOCHS = `
local function epochAt(epochs, seq)
  local found
  for from, epoch in string.gmatch(epochs, '(%d+):([^,]+)') do
    if found and tonumber(from) > seq then break end
    found = epoch
  end
  return found
end

local function lastEpoch(epochs)
  return string.match(epochs, '([^:]+)$')
end

local function lifeOf(epoch)
  return string.match(epoch, '^[^-]*')
end
`

/** Appends events. */
export const ADD = `
local function push(task, now, draft, last, epochs)
  local epoch = epochNow(draft.seed)
  local seq = last + 1
  if not epochs then
    epochs = '0:' .. epoch
  elseif lastEpoch(epochs) ~= epoch then
    epochs = epochs .. ',' .. seq .. ':' .. epoch
  end
  local head = draft.submission and now .. ' ' .. draft.submission or now
  local item = head .. '\\n' .. draft.event .. '\\n' .. draft.data
  if draft.outcome ~= '' then item = item .. '\\n' .. draft.outcome end
  local count = redis.call('RPUSH', P .. 'e:' .. task, item)
  redis.call('HSET', P .. 't:' .. task, 'last', seq, 'at', now, 'digest', draft.digest, 'epochs', epochs)
  redis.call('ZADD', P .. 'index', now, task)
  if count == 1 and seq > 1 then redis.call('ZREM', P .. 'marks', task) end
  local news = seq .. '\\n' .. epoch .. '\\n' .. draft.event .. '\\n' .. draft.data
  redis.call('SPUBLISH', P .. 'n:' .. task, news)
  return { 'kept', seq, epoch }
end

local function add(task, now, window, draft)
  local t = redis.call('HMGET', P .. 't:' .. task, 'last', 'at', 'digest', 'epochs')
  local last, at = tonumber(t[1] or 0), tonumber(t[2] or 0)
  now = math.max(now, at)
  if t[3] == draft.digest and now - at < window then
    local item = redis.call('LINDEX', P .. 'e:' .. task, -1)
    if item then
      touch()
      return { 'repeat', last, epochAt(t[4], last), item, task }
    end
  end
  return push(task, now, draft, last, t[4])
end
`

/** Deliveries. */
export const DELIVERIES = `
-- The event of a delivery, if it is kept or was erased.
local function eventOf(seq, epoch, task)
  local t = redis.call('HMGET', P .. 't:' .. task, 'last', 'epochs')
  local last = tonumber(t[1] or 0)
  if t[2] and seq > 0 and seq <= last and epochAt(t[2], seq) == epoch then
    local item = redis.call('LINDEX', P .. 'e:' .. task, seq - 1 - last)
    if item then return { 'repeat', seq, epoch, item, task } end
  end
  local erased = tonumber(redis.call('GET', P .. 'x:' .. task) or -1)
  if erased >= seq then return { 'erased', seq, epoch, '', task } end
  return nil
end

local function lookup(key)
  local known = redis.call('GET', P .. 'd:' .. key)
  if not known then return nil end
  local digest, seq, epoch, task = string.match(known, '^([^\\n]*)\\n(%d*)\\n([^\\n]*)\\n(.*)$')
  return { digest = digest, seq = tonumber(seq), epoch = epoch, task = task }
end

local MINUTE = 60000

-- Whether a key that expires then may have been forgotten: a key that expired no sooner was.
local function isForgotten(expiresAt)
  local now = wallClock()
  if expiresAt > now then return false end
  local thisMinute = math.ceil(now / MINUTE) * MINUTE
  return #redis.call('ZRANGEBYSCORE', P .. 'expiries', expiresAt, thisMinute, 'LIMIT', 0, 1) > 0
end

local function remember(key, digest, event, expiresAt, rejects)
  local value = digest .. '\\n' .. event.seq .. '\\n' .. event.epoch .. '\\n' .. event.task
  redis.call('SET', P .. 'd:' .. key, value, 'PXAT', expiresAt)
  if not rejects then return end
  local isNew = redis.call('ZADD', P .. 'expiries', 'GT', expiresAt, math.ceil(expiresAt / MINUTE)) == 1
  -- Keys live two days at most: the first minute is long over.
  if isNew and redis.call('ZCARD', P .. 'expiries') > 5760 then
    redis.call('ZREMRANGEBYRANK', P .. 'expiries', 0, 0)
  end
end
`
