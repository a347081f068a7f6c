import { createScript } from '../../redis/script.ts'
import { MAX_PAGE_BYTES } from '../page.ts'
import { ADD, BASE, DELIVERIES, EPOCHS } from './lua.ts'

/** Returns the epoch of an append now. */
export const EPOCH = createScript(BASE, 'return epochNow(ARGV[1])')

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
  if former then return former end
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
export const EXTENT = createScript(BASE, EXTENT_OF, `
local last, first, epochs = extentOf(ARGV[1], ARGV[2])
return { last, first, epochs, redis.call('LINDEX', P .. 'e:' .. ARGV[1], -1) }
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

/** All scripts, which each new connection for writing loads. */
export const SCRIPTS = [EPOCH, APPEND, EXTENT, READ, MOVED, CHECK]
