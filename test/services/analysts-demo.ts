/** The demo that docs/ANALYSTS.md is about: loaded by its commands, up to its moment, jobs run as of it. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const MOMENT = '2026-06-01T00:00:00Z'
const LOADED_WITHIN_MS = 500_000
const INSERTED_WITHIN_MS = 60_000
const LOOKS = 4

export interface Demo {
  readonly data_dir: string
  readonly clickhouse: string
  close(): Promise<void>
}

const command = (name: string, ...args: string[]) => {
  const argv = [join(import.meta.dirname, '../../commands', `${name}.ts`), ...args]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', data => {
      text += data
    })
  const ended = new Promise<number | null>(resolve => child.once('close', resolve))
  return { child, ended, text: () => text }
}

/** Throws with what the commands said when one of them fails or takes too long. */
export const demo_of_the_guide = async (): Promise<Demo> => {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-analysts-'))
  const data_dir = join(directory, 'data')
  const free = ['--http-port', '0', '--clickhouse-port', '0', '--data-dir', data_dir]
  const demo = command('demo', ...free, '--until', MOMENT, '--no-live')
  const close = async () => {
    demo.child.kill('SIGTERM')
    await demo.ended
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
  try {
    const deadline = Date.now() + LOADED_WITHIN_MS
    while (!demo.text().includes(' inserted in ')) {
      if (demo.child.exitCode !== null || Date.now() > deadline) throw new Error(`not loaded: ${demo.text()}`)
      await sleep(200)
    }
    const jobs = command('jobs', '--data-dir', data_dir, '--as-of', MOMENT)
    if ((await jobs.ended) !== 0) throw new Error(`jobs: ${jobs.text()}`)
    const { clickhouse } = JSON.parse(readFileSync(join(data_dir, 'endpoints.json'), 'utf8')) as {
      clickhouse: string
    }
    await results_inserted(clickhouse)
    return { data_dir, clickhouse, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** What jobs wrote is in the log when they end, and in the tables soon after: when nothing is added any more. */
const results_inserted = async (clickhouse: string): Promise<void> => {
  const tables = ['attribution_effects', 'forecasts', 'forecast_scores', 'lifetime_models', 'catalog']
  const body = `SELECT ${tables.map(table => `(SELECT count() FROM ${table})`).join(', ')}`
  const deadline = Date.now() + INSERTED_WITHIN_MS
  let before = ''
  for (let looks = 0; looks < LOOKS; ) {
    if (Date.now() > deadline) throw new Error(`results of jobs are not in the tables: ${before}`)
    const counts = (await (await fetch(clickhouse, { method: 'POST', body })).text()).trim()
    looks = counts === before && !counts.split('\t').includes('0') ? looks + 1 : 0
    before = counts
    await sleep(500)
  }
}
