import { createScript } from '../../redis/script.ts'
import { MAX_PAGE_BYTES } from '../page.ts'
import { BASE, EPOCHS } from './lua.ts'
import { SUBMISSIONS } from './lua-tables.ts'

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

/** Returns what is known about the quarantined callbacks, by id. */
export const LIST_HELD = createScript(BASE, "return redis.call('HGETALL', P .. 'held:about')")

/** Returns a quarantined callback. */
export const GET_HELD = createScript(BASE, `
return { redis.call('HGET', P .. 'held:about', ARGV[1]), redis.call('HGET', P .. 'held:body', ARGV[1]) }
`)

/** Returns tasks whose newest event is not younger than a time, oldest first. */
export const STALE = createScript(BASE, `
return redis.call('ZRANGEBYSCORE', P .. 'index', '-inf', ARGV[1], 'LIMIT', ARGV[2], ARGV[3])
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

/**
 * Returns the tasks with events, and the submissions, at most as many of each, from two places on, newest first: id and
 * time of each, the newest event of its task, and its newest submission that is watched.
 */
export const LIST = createScript(BASE, EPOCHS, SUBMISSIONS, `
local function range(zset, at, member, limit)
  local skipped = 0
  -- Members of one time are in the order of their text, backwards.
  for _, other in ipairs(redis.call('ZREVRANGEBYSCORE', P .. zset, at, at)) do
    if other < member then break end
    skipped = skipped + 1
  end
  return redis.call('ZREVRANGEBYSCORE', P .. zset, at, '-inf', 'WITHSCORES', 'LIMIT', skipped, limit)
end

local function describe(id, at, task)
  local item = redis.call('LINDEX', P .. 'e:' .. task, -1)
  local t = item and redis.call('HMGET', P .. 't:' .. task, 'last', 'epochs')
  local place = item and { t[1], lastEpoch(t[2]), item } or {}
  local row = expectedOf(task)
  local expected = row and { row.id, row.step, row.submittedAt, row.stage } or {}
  return { id, at, task, cjson.encode(expected), unpack(place) }
end

local events, submissions = {}, {}
local found = range('index', ARGV[1], ARGV[2], ARGV[5])
for i = 1, #found, 2 do events[#events + 1] = describe(found[i], found[i + 1], found[i]) end
found = range('s:at', ARGV[3], ARGV[4], ARGV[5])
for i = 1, #found, 2 do
  local task = cjson.decode(redis.call('HGET', P .. 's:row', found[i])).taskId
  submissions[#submissions + 1] = describe(found[i], found[i + 1], task == cjson.null and '' or task)
end
return { events, submissions }
`)
