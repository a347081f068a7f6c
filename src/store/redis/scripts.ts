import { createScript } from '../../redis/script.ts'
import { ADD, BASE, DELIVERIES, EPOCHS } from './lua.ts'
import { COMMIT } from './transaction-scripts.ts'
import { FORGET, FORGET_HELD, FORGET_MARKS, FORGET_SUBMISSIONS } from './trim-scripts.ts'

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

/** Makes a write that changes nothing. */
export const CHECK = createScript(BASE, "return redis.call('SET', P .. 'check', wallClock())")

/** Scripts that each new connection for writing loads. */
export const WRITE_SCRIPTS = [
  EPOCH, APPEND, CHECK, COMMIT, FORGET, FORGET_MARKS, FORGET_HELD, FORGET_SUBMISSIONS
]
