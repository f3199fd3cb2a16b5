/** What a worker costs that has nothing to do: 37 tasks and the sink on a broker, a registry, Redis and a warehouse. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { key_groups, tributary } from '../../runtime/app.ts'
import { start_embedded_warehouse } from '../../runtime/embedded/warehouse.ts'
import type { Readiness } from './installation.ts'
import { free_port } from './process.ts'
import { type Stack, stack } from './stack.ts'

const PARTITIONS = 12
/** 37: three key groups of 12 partitions and the catalog's; the sink has 12 partitions more. */
const TASKS = key_groups(tributary(PARTITIONS)).reduce((sum, group) => sum + group.partitions, 0)
const QUIET_MS = 15_000
const MEASURED_MS = 30_000
/** The aim is 2 %; machines that tests run on have other things to do, and clocks of 10 ms. */
const MOST_PERCENT = 6

let services: Stack
let warehouse: Awaited<ReturnType<typeof start_embedded_warehouse>>
const dir = mkdtempSync(join(tmpdir(), 'tributary-idle-'))
beforeAll(async () => {
  services = await stack()
  warehouse = await start_embedded_warehouse({ dir })
}, 180_000)
afterAll(async () => {
  await warehouse?.stop()
  await services?.stop()
  rmSync(dir, { recursive: true, force: true })
}, 60_000)

/** Processor time of a process in ms, user and system: fields 14 and 15 of its stat, in ticks of 10 ms. */
const cpu_ms = (pid: number): number => {
  const behind_name = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(behind_name[11]) + Number(behind_name[12])) * 10
}

test('a worker with 37 idle tasks uses little of a core', async () => {
  const port = await free_port()
  const child = spawn(
    process.execPath,
    ['commands/start.ts', '--partitions', `${PARTITIONS}`, '--http-port', `${port}`, '--data-dir', dir],
    {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        KAFKA_BROKERS: services.address('kafka'),
        SCHEMA_REGISTRY_URL: services.address('registry'),
        REDIS_URL: services.address('redis'),
        CLICKHOUSE_URL: warehouse.url,
        TRIBUTARY_LOG_LEVEL: 'error',
      },
    },
  )
  const closed = new Promise(resolve => child.once('close', resolve))
  try {
    const standing = async (): Promise<string> => {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null)
      if (!answer) return 'no answer'
      const { ready, reasons, tasks } = (await answer.json()) as Readiness
      return ready && tasks.length === TASKS ? 'ready' : `${tasks.length} tasks: ${reasons.join()}`
    }
    await expect.poll(standing, { timeout: 60_000, interval: 200 }).toBe('ready')
    await sleep(QUIET_MS)
    const before = cpu_ms(child.pid as number)
    await sleep(MEASURED_MS)
    const percent = ((cpu_ms(child.pid as number) - before) / MEASURED_MS) * 100
    console.log(`a worker with ${TASKS} idle tasks: ${percent.toFixed(2)} % of a core`)
    expect(percent).toBeGreaterThan(0)
    expect(percent).toBeLessThan(MOST_PERCENT)
  } finally {
    child.kill('SIGTERM')
    await closed
  }
}, 150_000)
