import { createScript } from '../../redis/script.ts'
import { MAX_PAGE_BYTES } from '../page.ts'
import { ADD, BASE, DELIVERIES, EPOCHS, HELD, SUBMISSIONS } from './lua.ts'
import { COMMIT, SNAPSHOT } from './transaction-scripts.ts'

/** Returns the epoch of an append now, and the time. Fails on a history of a later version. */
export const EPOCH = createScript(BASE, `
local format = redis.call('GET', P .. 'format') or FORMAT
if tonumber(format) > FORMAT then
  return redis.error_reply('a newer version made its data: its format is ' .. format .. ', expected ' .. FORMAT)
end
return { epochNow(ARGV[1]), wallClock() }
`)

/** Appends a draft: `kept`, `repeat`, `erased`, `reject`, or `about` for a draft that a submission may be about. */
export const APPEND = createScript(BASE, EPOCHS, ADD, DELIVERIES, `
local now, window, seed, task, event, data, digest, outcome, about, key, onConflict, expiresAt = unpack(ARGV)
if about == 'named' or about == 'about' and redis.call('EXISTS', P .. 's:t:' .. task) == 1 then return { 'about' } end

local status, known = 'first', nil
if key then
  expiresAt = tonumber(expiresAt)
  known = lookup(key)
  if known then
    status = known.digest == digest and 'deduplicate' or onConflict
  elseif onConflict == 'reject' and isForgotten(expiresAt) then
    status = 'reject'
  end
end
if status == 'reject' then return { 'reject' } end
if status == 'deduplicate' and known and known.seq then
  local former = eventOf(known.seq, known.epoch, known.task)
  if former then
    touch()
    return former
  end
end

now = now == '' and wallClock() or tonumber(now)
local draft = { seed = seed, event = event, data = data, digest = digest, outcome = outcome }
local added = add(task, now, tonumber(window), draft)
if key and status ~= 'append' then
  remember(key, digest, { seq = added[2], epoch = added[3], task = task }, expiresAt, onConflict == 'reject')
end
return added
`)

const EXTENT_OF = `
local function extentOf(task, seed)
  local t = redis.call('HMGET', P .. 't:' .. task, 'last', 'epochs')
  local last = tonumber(t[1] or 0)
  return last, last - redis.call('LLEN', P .. 'e:' .. task) + 1, t[2] or '0:' .. epochNow(seed)
end
`

/** Returns the range of events that is kept of a task. */
export const EXTENT = createScript(BASE, EXTENT_OF, SUBMISSIONS, `
local last, first, epochs = extentOf(ARGV[1], ARGV[2])
local expected = expectedOf(ARGV[1])
local item = redis.call('LINDEX', P .. 'e:' .. ARGV[1], -1)
local text = expected and cjson.encode({ expected.step, expected.submittedAt, expected.stage }) or false
return { last, first, epochs, item, text }
`)

/** Returns a page of events after an id, or of all events; nil if the id is unknown. */
export const READ = createScript(BASE, EPOCHS, EXTENT_OF, `
local task, seed, limit, epoch, seq = unpack(ARGV)
local CHUNK, maxBytes = 16, ${MAX_PAGE_BYTES}
local last, first, epochs = extentOf(task, seed)
local after = first - 1
if epoch then
  after = tonumber(seq)
  if after < first - 1 or after > last then return nil end
  local kept = epochAt(epochs, after)
  if kept ~= epoch and not (after == 0 and lifeOf(kept) == lifeOf(epoch)) then return nil end
end
local items, bytes, from, to = {}, 0, after - last, math.min(after + limit, last) - last - 1
while from <= to do
  for _, item in ipairs(redis.call('LRANGE', P .. 'e:' .. task, from, math.min(from + CHUNK - 1, to))) do
    items[#items + 1] = item
    local start = string.find(item, '\\n', string.find(item, '\\n', 1, true) + 1, true)
    bytes = bytes + (string.find(item, '\\n', start + 1, true) or #item + 1) - start - 1
    if bytes >= maxBytes then return { after, epochs, items } end
  end
  from = from + CHUNK
end
return { after, epochs, items }
`)

/** Returns tasks whose newest id is another one than given, and extends the lease of all of them. */
export const MOVED = createScript(BASE, EPOCHS, `
local LEASE_MS = 90000
local ends = wallClock() + LEASE_MS
local now = epochNow(ARGV[1])
local moved, lease = {}, {}
for i = 2, #ARGV, 2 do
  local task, known = ARGV[i], ARGV[i + 1]
  local t = redis.call('HMGET', P .. 't:' .. task, 'last', 'epochs')
  local id = (t[2] and lastEpoch(t[2]) or now) .. '.' .. (t[1] or 0)
  -- Nothing can be lost of a task without events, whatever the fork.
  local isFresh = not t[1] and string.match(known, '%.0$') and lifeOf(known) == lifeOf(id)
  if id ~= known and not isFresh then
    moved[#moved + 1] = task
    moved[#moved + 1] = id
  end
  lease[#lease + 1] = ends
  lease[#lease + 1] = task
end
-- A Redis that takes no writes has news all the same.
redis.pcall('ZADD', P .. 'watched', unpack(lease))
return moved
`)

/** Makes a write that changes nothing. */
export const CHECK = createScript(BASE, "return redis.call('SET', P .. 'check', wallClock())")

/** Returns tasks whose newest event is not younger than a time, oldest first. */
export const STALE = createScript(BASE, `
return redis.call('ZRANGEBYSCORE', P .. 'index', '-inf', ARGV[1], 'LIMIT', ARGV[2], ARGV[3])
`)

/** Removes the events of tasks whose newest event is not younger than a time, and that nobody watches or expects. */
export const FORGET = createScript(BASE, EPOCHS, SUBMISSIONS, `
local before, now, forgotten = tonumber(ARGV[1]), wallClock(), 0
redis.call('ZREMRANGEBYSCORE', P .. 'watched', '-inf', now)
for i = 2, #ARGV do
  local task = ARGV[i]
  local at = redis.call('ZSCORE', P .. 'index', task)
  local isOld = at and tonumber(at) <= before
  if isOld and not redis.call('ZSCORE', P .. 'watched', task) and not expectedOf(task) then
    local t = redis.call('HMGET', P .. 't:' .. task, 'last', 'epochs')
    redis.call('DEL', P .. 'e:' .. task)
    redis.call('HDEL', P .. 't:' .. task, 'digest')
    redis.call('HSET', P .. 't:' .. task, 'epochs', t[1] .. ':' .. lastEpoch(t[2]))
    redis.call('ZREM', P .. 'index', task)
    redis.call('ZADD', P .. 'marks', at, task)
    forgotten = forgotten + 1
  end
end
return forgotten
`)

/** Removes the highest seqs of tasks that had no event since a time. Starts another fork: their ids come again. */
export const FORGET_MARKS = createScript(BASE, `
local tasks = redis.call('ZRANGEBYSCORE', P .. 'marks', '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, task in ipairs(tasks) do
  redis.call('DEL', P .. 't:' .. task)
  redis.call('ZREM', P .. 'marks', task)
end
if #tasks > 0 then redis.call('INCR', P .. 'fork') end
return #tasks
`)

/** Removes the callbacks that came at or before a time. */
export const FORGET_HELD = createScript(BASE, HELD, `
local all = redis.call('HGETALL', P .. 'held:about')
for i = 1, #all, 2 do
  if cjson.decode(all[i + 1]).at <= tonumber(ARGV[1]) then unhold(all[i]) end
end
`)

/** Forgets submissions from before a time that are not watched and whose task has no events, of the next rows. */
export const FORGET_SUBMISSIONS = createScript(BASE, SUBMISSIONS, `
local ids = redis.call('ZRANGEBYSCORE', P .. 's:at', '-inf', ARGV[1], 'LIMIT', ARGV[2], ARGV[3])
local kept = 0
for _, id in ipairs(ids) do
  local task = cjson.decode(redis.call('HGET', P .. 's:row', id)).taskId
  local hasEvents = task ~= cjson.null and redis.call('EXISTS', P .. 'e:' .. task) == 1
  if hasEvents or redis.call('ZSCORE', P .. 's:due', id) then
    kept = kept + 1
  else
    dropRow(id)
  end
end
return { #ids, kept }
`)

/** Erases a task. */
export const ERASE = createScript(BASE, DELIVERIES, HELD, SUBMISSIONS, `
local DAYS_MS = 2 * 86400000
local task, seed, now = ARGV[1], ARGV[2], ARGV[3] == '' and wallClock() or ARGV[3]
local last = tonumber(redis.call('HGET', P .. 't:' .. task, 'last') or 0)
local events, callbacks = redis.call('LLEN', P .. 'e:' .. task), 0
if last > 0 then redis.call('INCR', P .. 'fork') end
local epoch = epochNow(seed)

for i = 4, #ARGV do
  local held = unhold(ARGV[i])
  if held then
    callbacks = callbacks + 1
    if held.delivery then
      local event = { seq = 0, epoch = epoch, task = task }
      remember(held.delivery.key, held.digest, event, held.delivery.expiresAt, false)
    end
  end
end
-- No key of a delivery lives longer.
if last > 0 or callbacks > 0 then redis.call('SET', P .. 'x:' .. task, last, 'PX', DAYS_MS) end

for id in idsOf(task) do dropRow(id) end

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
`)

/** Returns what is known about the quarantined callbacks, by id. */
export const LIST_HELD = createScript(BASE, "return redis.call('HGETALL', P .. 'held:about')")

/** Returns a quarantined callback. */
export const GET_HELD = createScript(BASE, `
return { redis.call('HGET', P .. 'held:about', ARGV[1]), redis.call('HGET', P .. 'held:body', ARGV[1]) }
`)

/** Returns the submissions of a task. */
export const ROWS = createScript(BASE, SUBMISSIONS, `
local rows = {}
for id in idsOf(ARGV[1]) do rows[#rows + 1] = redis.call('HGET', P .. 's:row', id) end
return rows
`)

/** Returns the numbers of submissions that are watched, and of those that are overdue. */
export const COUNTS = createScript(BASE, `
return { redis.call('ZCARD', P .. 's:due'), redis.call('SCARD', P .. 's:overdue') }
`)

/** Returns the time of the next claim: in a pause, no question is needed to give up. */
export const NEXT_DUE = createScript(BASE, `
local first = redis.call('ZRANGE', P .. 's:due', 0, 0, 'WITHSCORES')[2]
local paused = redis.call('GET', P .. 's:paused') or '0'
if not first or tonumber(first) >= tonumber(paused) then return first end
local next = tonumber(paused)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', P .. 's:due', '-inf', '(' .. paused)) do
  local row = cjson.decode(redis.call('HGET', P .. 's:row', id))
  next = math.min(next, math.max(row.dueAt, row.deadline))
end
return tostring(next)
`)

/** Returns the secret that signs reservations; the given one if there is none yet. */
export const SECRET = createScript(BASE, `
redis.call('SETNX', P .. 's:secret', ARGV[1])
return redis.call('GET', P .. 's:secret')
`)

/** All scripts, which each new connection for writing loads. */
export const SCRIPTS = [
  EPOCH, APPEND, EXTENT, READ, MOVED, CHECK, STALE, FORGET, FORGET_MARKS, FORGET_HELD, FORGET_SUBMISSIONS, ERASE, LIST_HELD,
  GET_HELD, ROWS, COUNTS, NEXT_DUE, SECRET, SNAPSHOT, COMMIT
]
