import { createScript } from '../../redis/script.ts'
import { BASE, EPOCHS } from './lua.ts'
import { HELD, SUBMISSIONS } from './lua-tables.ts'

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
  if cjson.decode(all[i + 1]).at <= tonumber(ARGV[1]) then removeHeld(all[i]) end
end
`)

/** Forgets submissions from before a time that are not awaited and whose task has no events, of the next rows. */
export const FORGET_SUBMISSIONS = createScript(BASE, SUBMISSIONS, `
local before, now, skipped, limit = unpack(ARGV)
local ids = redis.call('ZRANGEBYSCORE', P .. 's:at', '-inf', before, 'LIMIT', skipped, limit)
local kept = 0
for _, id in ipairs(ids) do
  local row = cjson.decode(redis.call('HGET', P .. 's:row', id))
  local hasEvents = row.taskId ~= cjson.null and redis.call('EXISTS', P .. 'e:' .. row.taskId) == 1
  if hasEvents or row.dueAt ~= cjson.null or row.deadline > tonumber(now) then
    kept = kept + 1
  else
    dropRow(id)
  end
end
return { #ids, kept }
`)
