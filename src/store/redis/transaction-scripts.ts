import { createScript } from '../../redis/script.ts'
import { ADD, BASE, DELIVERIES, EPOCHS } from './lua.ts'
import { ERASING, HELD, SUBMISSIONS } from './lua-tables.ts'

/** State that a transaction sees, as JSON. Its arrays have one order, so that an equal state is an equal text. */
const VIEW = `
local MAX_DUE = 300

local function outline(item)
  local start = string.find(item, '\\n', string.find(item, '\\n', 1, true) + 1, true)
  local stop = string.find(item, '\\n', start + 1, true)
  return string.match(item, '^[^\\n]*') .. (stop and string.sub(item, stop) or '')
end

-- Held callbacks that came under the token of a submission.
local function siblingsOf(submission)
  local siblings, all = {}, redis.call('HGETALL', P .. 'held:about')
  for i = 1, #all, 2 do
    local about = cjson.decode(all[i + 1])
    if about.submission == submission then siblings[#siblings + 1] = { tonumber(all[i]), about.digest } end
  end
  return siblings
end

local function viewOf(heldId, key, expiresAt, id, idempotencyKey, task, due)
  local rows, tasks, seen = {}, {}, {}
  local held = redis.call('HGET', P .. 'held:about', heldId) or ''
  if held ~= '' then
    local about = cjson.decode(held)
    if about.delivery then key, expiresAt = about.delivery.key, about.delivery.expiresAt end
    if about.submission ~= cjson.null then id = about.submission end
  end

  local function addTask(name)
    if name == '' or name == cjson.null or seen['task ' .. name] then return end
    seen['task ' .. name] = true
    local t = redis.call('HMGET', P .. 't:' .. name, 'last', 'at', 'digest', 'epochs')
    local outlines = redis.call('LRANGE', P .. 'e:' .. name, 0, -1)
    for i, item in ipairs(outlines) do outlines[i] = outline(item) end
    tasks[#tasks + 1] = { name, t[1] or '0', t[2] or '0', t[3] or '', t[4] or '', outlines }
  end

  local function addRow(rowId)
    local row = rowId and redis.call('HGET', P .. 's:row', rowId)
    if not row or seen['row ' .. rowId] then return end
    seen['row ' .. rowId] = true
    rows[#rows + 1] = row
    return cjson.decode(row).taskId
  end

  addTask(task)
  addTask(addRow(id) or '')
  addRow(redis.call('HGET', P .. 's:key', idempotencyKey))
  for _, one in ipairs(tasks) do
    for other in idsOf(one[1]) do addRow(other) end
  end

  local calls = {}
  if due ~= '' then
    for _, rowId in ipairs(redis.call('ZRANGEBYSCORE', P .. 's:due', '-inf', due, 'LIMIT', 0, MAX_DUE)) do
      addRow(rowId)
    end
    calls = redis.call('LRANGE', P .. 's:calls', 0, -1)
  end

  local delivery = {}
  if key ~= '' then
    local known = lookup(key)
    local event = known and known.seq and eventOf(known.seq, known.epoch, known.task)
    local isHeld = known ~= nil and not known.seq
    delivery = { known and known.digest or '', isHeld, event or {}, isForgotten(tonumber(expiresAt)) }
  end
  local quarantine = {}
  if heldId == 'new' then
    local bytes = redis.call('GET', P .. 'held:bytes') or '0'
    quarantine = { redis.call('HLEN', P .. 'held:about'), bytes, id == '' and {} or siblingsOf(id) }
  end
  local paused = redis.call('GET', P .. 's:paused') or '0'
  return cjson.encode({ held, delivery, quarantine, rows, tasks, calls, paused })
end
`

/** Returns what a transaction sees: a digest, the state, and the last of the numbers for new submissions. */
export const SNAPSHOT = createScript(BASE, EPOCHS, DELIVERIES, SUBMISSIONS, VIEW, `
local view = viewOf(unpack(ARGV, 2))
local n = ARGV[1] == '0' and 0 or redis.call('INCRBY', P .. 's:n', ARGV[1])
return { redis.sha1hex(view), view, n }
`)

/** Makes the changes of a transaction if it would see the same state again: `done` with its events, or `conflict`. */
export const COMMIT = createScript(BASE, EPOCHS, ADD, DELIVERIES, HELD, SUBMISSIONS, ERASING, VIEW, `
local digest, seed, now = ARGV[1], ARGV[2], tonumber(ARGV[3])
if redis.sha1hex(viewOf(unpack(ARGV, 4, 10))) ~= digest then return { 'conflict' } end

local changes = {}
local events = { 'done' }

local function taskOf(task)
  return redis.call('HMGET', P .. 't:' .. task, 'last', 'at', 'epochs')
end

function changes.push(task, event, data, eventDigest, outcome, submission)
  local t = taskOf(task)
  local draft = { seed = seed, event = event, data = data, digest = eventDigest, outcome = outcome }
  if submission ~= '' then draft.submission = submission end
  events[#events + 1] = push(task, math.max(now, tonumber(t[2] or 0)), draft, tonumber(t[1] or 0), t[3])
end

function changes.take(task, seq)
  local t = taskOf(task)
  local item = redis.call('LINDEX', P .. 'e:' .. task, seq - 1 - t[1])
  events[#events + 1] = { 'repeat', tonumber(seq), epochAt(t[3], tonumber(seq)), item, task }
end

function changes.attribute(task, seq, submission)
  local index = seq - 1 - taskOf(task)[1]
  local at, rest = string.match(redis.call('LINDEX', P .. 'e:' .. task, index), '^(%d+)[^\\n]*(.*)$')
  redis.call('LSET', P .. 'e:' .. task, index, at .. ' ' .. submission .. rest)
end

function changes.remember(key, body, task, seq, expiresAt, rejects)
  local epoch = seq == '' and '' or epochAt(taskOf(task)[3], tonumber(seq))
  remember(key, body, { seq = seq, epoch = epoch, task = task }, expiresAt, rejects == '1')
end

function changes.put(id, row, task, key, due, isOverdue, at)
  redis.call('HSET', P .. 's:row', id, row)
  redis.call('ZADD', P .. 's:at', at, id)
  if key ~= '' then redis.call('HSET', P .. 's:key', key, id) end
  redis.call(isOverdue == '1' and 'SADD' or 'SREM', P .. 's:overdue', id)
  if due == '' then
    redis.call('ZREM', P .. 's:due', id)
  else
    redis.call('ZADD', P .. 's:due', due, id)
  end
  if task == '' then return end
  for other in idsOf(task) do
    if other == id then return end
  end
  redis.call('APPEND', P .. 's:t:' .. task, '\\n' .. id)
end

function changes.dropKey(key)
  redis.call('HDEL', P .. 's:key', key)
end

changes.drop = dropRow

function changes.call(at, isQuestion, before)
  redis.call('RPUSH', P .. 's:calls', at .. ' ' .. isQuestion)
  while tonumber(string.match(redis.call('LINDEX', P .. 's:calls', 0), '^%S+')) <= tonumber(before) do
    redis.call('LPOP', P .. 's:calls')
  end
end

function changes.pause(at)
  redis.call('SET', P .. 's:paused', at)
end

function changes.hold(about, body, bytes)
  local id = redis.call('INCR', P .. 'held:last')
  redis.call('HSET', P .. 'held:about', id, about)
  redis.call('HSET', P .. 'held:body', id, body)
  redis.call('INCRBY', P .. 'held:bytes', bytes)
end

changes.removeHeld = removeHeld

function changes.erase(...)
  events[#events + 1] = eraseTask(seed, now, ...)
end

local i = 11
while i <= #ARGV do
  local count = tonumber(ARGV[i + 1])
  changes[ARGV[i]](unpack(ARGV, i + 2, i + 1 + count))
  i = i + 2 + count
end
if i == 11 then touch() end
return events
`)
