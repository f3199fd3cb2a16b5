/**
 * node bench/latency/embedded.ts RATES SECONDS WARM_SECONDS [SETTINGS]: W1 on the embedded log and state, in one process as
 * `npm start` runs it: from the append due to the decision readable. Prints one JSON line per rate.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { topic_settings } from '../../runtime/app.ts'
import { system_clock } from '../../runtime/clock.ts'
import { open_log } from '../../runtime/embedded/log.ts'
import { open_registry } from '../../runtime/embedded/registry.ts'
import { open_state_store } from '../../runtime/embedded/state-store.ts'
import { give_room_for_garbage } from '../../runtime/heap.ts'
import { default_settings } from '../../runtime/settings.ts'
import { start_worker } from '../../runtime/worker.ts'
import { type Settings, unobserved } from '../../runtime/worker-types.ts'
import { bench_app, SCHEMA } from '../throughput/workload.ts'
import { numbers } from './machine.ts'
import { plans_of, run_plans } from './traffic.ts'

give_room_for_garbage()
const [, , rates = '1000', seconds = '30', warm_seconds = '5', changed = '{}'] = process.argv
const directory = mkdtempSync(join(tmpdir(), 'bench-latency-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
process.once('SIGTERM', () => process.exit(143))

const [in_topic, out_topic] = ['bench-touches', 'bench-decisions']
const app = bench_app('w1', { name: 'bench', in_topic, out_topic, grace_ms: 5000 })
const log = await open_log(directory)
const registry = open_registry(log.environment)
const store = await open_state_store(directory)
await log.ensure(topic_settings(app))
const schema_id = await registry.register(`${in_topic}-value`, SCHEMA)
let failure: unknown = null
const worker = start_worker({
  app,
  log,
  registry,
  store,
  clock: system_clock,
  settings: { ...default_settings, ...(JSON.parse(changed) as Partial<Settings>) },
  logger: pino({ level: 'warn' }, pino.destination(2)),
  observe: unobserved,
})
worker.failed.catch(error => {
  failure = error
})
const check = (): void => {
  if (failure) throw failure
}
const plans = plans_of(numbers(rates), Number(seconds), Number(warm_seconds))
await run_plans({ log, in_topic, out_topic, schema_id, check }, plans, measured =>
  console.log(JSON.stringify(measured)),
)
await worker.stop()
await log.close()
await store.close()
