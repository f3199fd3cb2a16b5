/**
 * Our W1 as a worker of its own, exactly once on Kafka and Redis: as bench/throughput/tributary.ts, but with the partitions
 * (PARTITIONS) and settings (SETTINGS, JSON) of the environment. Prints `SEEN <n>` as records are
 * committed, `BAD <outcome> <n>` for what was not simply processed, and with SAMPLE_MS `MEMORY <rss> <heap>` in MiB.
 */
import pino from 'pino'
import { topic_settings } from '../../runtime/app.ts'
import { system_clock } from '../../runtime/clock.ts'
import { give_room_for_garbage } from '../../runtime/heap.ts'
import { kafka_log } from '../../runtime/kafka/log.ts'
import { type Registry, UnknownSchema } from '../../runtime/ports.ts'
import { open_redis_state_store } from '../../runtime/redis/state-store.ts'
import { default_settings } from '../../runtime/settings.ts'
import { start_worker } from '../../runtime/worker.ts'
import { type Settings, unobserved } from '../../runtime/worker-types.ts'
import { bench_app, PARTITIONS, SCHEMA } from '../throughput/workload.ts'

give_room_for_garbage()
const env = process.env as Record<string, string>
const { BOOTSTRAP = '', REDIS_URL = '', IN_TOPIC = '', OUT_TOPIC = '', RUN_ID = '' } = env
const settings = { ...default_settings, ...(JSON.parse(env.SETTINGS ?? '{}') as Partial<Settings>) }

/** Only records of the one schema are read; what else is written needs no reader. */
const registry: Registry = {
  register: async (_, schema) => (JSON.stringify(schema) === JSON.stringify(SCHEMA) ? 1 : 2),
  schema: async id => {
    if (id !== 1) throw new UnknownSchema(`there is no schema with id ${id}`)
    return SCHEMA
  },
  health: async () => null,
}

const logger = pino({ level: env.LOG ?? 'warn' }, pino.destination(2))
const app = {
  ...bench_app('w1', { name: RUN_ID, in_topic: IN_TOPIC, out_topic: OUT_TOPIC, grace_ms: 5000 }),
  partitions: Number(env.PARTITIONS ?? PARTITIONS),
}
const log = kafka_log({ brokers: BOOTSTRAP.split(','), client_id: RUN_ID, logger })
const store = await open_redis_state_store(REDIS_URL)
const known = new Set([IN_TOPIC, OUT_TOPIC])
await log.ensure(topic_settings(app).filter(({ name }) => !known.has(name)))

let seen = 0
let told = 0
const worker = start_worker({
  app,
  log,
  registry,
  store,
  clock: system_clock,
  settings,
  logger,
  observe: {
    ...unobserved,
    outcome: (topic, outcome, count) => {
      if (topic !== IN_TOPIC) return
      if (outcome === 'processed') seen += count
      else console.log(`BAD ${outcome} ${count}`)
    },
  },
})
setInterval(() => {
  if (seen === told) return
  told = seen
  console.log(`SEEN ${seen}`)
}, 20).unref()
if (env.SAMPLE_MS)
  setInterval(() => {
    // Without garbage the line of the heap is readable after minutes instead of hours.
    globalThis.gc?.()
    const { rss, heapUsed, external } = process.memoryUsage()
    console.log(`MEMORY ${[rss, heapUsed + external].map(bytes => (bytes / 2 ** 20).toFixed(2)).join(' ')}`)
  }, Number(env.SAMPLE_MS)).unref()

const stop = async (): Promise<void> => {
  await worker.stop()
  await log.close()
  await store.close()
  process.exit(0)
}
process.once('SIGTERM', () => void stop())
worker.failed.catch(error => {
  console.error(error)
  process.exit(1)
})
