/**
 * Lets Redis and relays fail under load, and compares what clients know with what is kept.
 *
 *     npm run chaos -- --rounds 5                    every failure five times
 *     npm run chaos -- --only cut --only freeze      failures whose name contains a text
 *     npm run chaos -- --only 'WAIT 0' --constant-fork
 *
 * Exits with 1 if there is a fault; with a planted one, if it is not found.
 */

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { startCluster, startSentinels, type TestFleet } from '../support/redis-fleets.ts'
import { startRedis, type Lifetime, type TestRedis } from '../support/redis.ts'
import { FAILURES, type Deployment, type Failure, type Setup } from './failures.ts'
import { startRelays } from './relays.ts'
import { runRound, type Round } from './round.ts'
import { TWO_CONTENTS } from './verify.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', multiple: true, default: [''] },
    'constant-fork': { type: 'boolean', default: false },
    log: { type: 'string' }
  }
})
const DEPLOYMENTS: Record<Deployment, (t: Lifetime) => Promise<TestFleet>> = {
  everysec: async (t) => alone(await startRedis(t)),
  always: async (t) => alone(await startRedis(t, { config: { appendfsync: 'always' } })),
  sentinel: (t) => startSentinels(t),
  cluster: (t) => startCluster(t)
}

function alone (redis: TestRedis): TestFleet {
  const primary = async (): Promise<TestRedis> => redis
  const parts = { primary, failedOver: primary, replicas: async () => [], healed: async () => {} }
  return { url: redis.url, servers: [redis], ...parts }
}

/** Runs all rounds of some failures on one deployment. */
async function runDeployment (failures: readonly Failure[]): Promise<Round[]> {
  const { deployment, waitReplicas } = failures[0] as Failure
  const cleanups: Array<() => unknown> = []
  const t: Lifetime = { teardown: (clean) => cleanups.unshift(clean) }
  const rounds: Round[] = []
  try {
    const fleet = await DEPLOYMENTS[deployment](t)
    const env = { STORE_URL: fleet.url, REDIS_WAIT_REPLICAS: String(waitReplicas), LOG_LEVEL: 'info' }
    const relays = await startRelays(t, { env, constantFork: values['constant-fork'] })
    const setup: Setup = { redis: fleet.servers[0] as TestRedis, fleet, relays }
    for (const failure of failures) {
      for (let n = 0; n < Number(values.rounds); n++) {
        const round = await runRound(failure, setup)
        console.log(describe(round))
        rounds.push(round)
      }
    }
    if (values.log) writeFileSync(`${values.log}-${deployment}-${waitReplicas}`, relays.output())
  } finally {
    for (const clean of cleanups) await clean()
  }
  return rounds
}

function describe ({ failure, faults, acknowledged, lost, gaps, refusals, firstMs }: Round): string {
  const counts = `${acknowledged} acknowledged, ${refusals} refused, ${lost} lost, ${gaps} gaps`
  const found = faults.slice(0, 5).map((fault) => `\n    ${fault}`).join('')
  return `${failure}: ${counts}, first 200 after ${firstMs} ms, ${faults.length} faults${found}`
}

function summarize (rounds: readonly Round[]): string {
  const sum = (count: (round: Round) => number): number => rounds.reduce((total, round) => total + count(round), 0)
  const kind = (text: string) => sum(({ faults }) => faults.filter((fault) => fault.startsWith(text)).length)
  const byFailure = FAILURES.flatMap(({ name }) => {
    const times = rounds.filter(({ failure }) => failure === name).map(({ firstMs }) => firstMs).sort((a, b) => a - b)
    if (times.length === 0) return []
    return [`  ${name}: ${times.length} rounds, ${times[times.length >> 1]} ms, max ${times.at(-1)} ms`]
  })
  return [
    'first 200 after the failure, median and max:', ...byFailure,
    `${rounds.length} rounds, ${sum((round) => round.acknowledged)} acknowledged, ` +
    `${sum((round) => round.lost)} of them lost, ${sum((round) => round.gaps)} gaps`,
    `ids with two contents ${kind(TWO_CONTENTS)}, kept twice ${kind('kept twice')}, ` +
    `kept and not received ${kind('kept and not received')}, all faults ${sum(({ faults }) => faults.length)}`
  ].join('\n')
}

const chosen = FAILURES.filter(({ name }) => values.only.some((text) => name.includes(text)))
const groups = Object.values(Object.groupBy(chosen, (one) => `${one.deployment} ${one.waitReplicas}`))
const rounds: Round[] = []
for (const failures of groups) rounds.push(...await runDeployment(failures as Failure[]))
console.log(summarize(rounds))
const faults = rounds.flatMap((round) => round.faults)
const isRight = values['constant-fork'] ? faults.some((fault) => fault.startsWith(TWO_CONTENTS)) : faults.length === 0
process.exit(rounds.length > 0 && isRight ? 0 : 1)
