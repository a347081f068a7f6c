import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { freePort } from './port.ts'
import { lacks, startProgram } from './proxies.ts'
import { temporaryFolder } from './relay.ts'

/** Folder of the files for Prometheus. */
export const FOLDER = fileURLToPath(new URL('../../ops/prometheus/', import.meta.url))

/** Reason why tests with Prometheus cannot run here, or false. Its package contains promtool. */
export const noPrometheus = lacks('promtool', '--version')

/** Runs promtool in the folder of the files for Prometheus. Returns its exit code and its output. */
export function promtool (args: readonly string[], input = ''): { status: number | null, output: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: FOLDER, encoding: 'utf8', input })
  return { status, output: stdout + stderr }
}

/** Starts a Prometheus that scrapes relays and evaluates the alerts. It ends with the test. Returns its URL. */
export async function startPrometheus (t: Test, relays: readonly string[]): Promise<string> {
  const folder = temporaryFolder(t)
  const file = join(folder, 'prometheus.yml')
  const targets = relays.map((url) => new URL(url).host)
  writeFileSync(file, `global: { scrape_interval: 250ms, evaluation_interval: 250ms }
rule_files: ['${FOLDER}alerts.yml']
scrape_configs:
  - job_name: phrase-relay
    static_configs: [{ targets: ${JSON.stringify(targets)} }]
`)
  const address = `127.0.0.1:${await freePort()}`
  const options = [`--config.file=${file}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${address}`]
  await startProgram(t, ['prometheus', ...options], 'Server is ready to receive web requests')
  return `http://${address}`
}
