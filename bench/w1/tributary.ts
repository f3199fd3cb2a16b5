/** W1 as a Tributary worker on Kafka and Redis: exactly once, checkpointed. Prints the same JSON line as the floor. */
import pino from 'pino'
import { topic_settings } from '../../runtime/app.ts'
import { system_clock } from '../../runtime/clock.ts'
import { kafka_log } from '../../runtime/kafka/log.ts'
import { confluent_registry } from '../../runtime/kafka/registry.ts'
import { open_redis_state_store } from '../../runtime/redis/state-store.ts'
import { default_settings } from '../../runtime/settings.ts'
import { start_worker } from '../../runtime/worker.ts'
import { type Stage, unobserved } from '../../runtime/worker-types.ts'
import { w1_app } from './workload.ts'

const {
  KAFKA_BROKERS = '',
  SCHEMA_REGISTRY_URL = '',
  REDIS_URL = '',
  OUT_TOPIC = '',
  RECORDS = '0',
} = process.env
const records = Number(RECORDS)
const logger = pino({ level: process.env.LOG ?? 'warn' }, pino.destination(2))
const client_id = OUT_TOPIC
const app = { ...w1_app(OUT_TOPIC), name: OUT_TOPIC }
const log = kafka_log({ brokers: KAFKA_BROKERS.split(','), client_id, logger })
const registry = confluent_registry({ url: SCHEMA_REGISTRY_URL, client_id })
const store = await open_redis_state_store(REDIS_URL)
await log.ensure(topic_settings(app))

const began: { cpu?: NodeJS.CpuUsage; at: number } = { at: 0 }
let seen = 0
const stages: Partial<Record<Stage, number>> = {}
const done = Promise.withResolvers<void>()
const worker = start_worker({
  app,
  log,
  registry,
  store,
  clock: system_clock,
  settings: default_settings,
  logger,
  observe: {
    ...unobserved,
    outcome: (_topic, _outcome, count) => {
      seen += count
      if (seen >= records) done.resolve()
    },
    stage: (stage, ns) => {
      if (!began.cpu) Object.assign(began, { cpu: process.cpuUsage(), at: performance.now() })
      stages[stage] = (stages[stage] ?? 0) + ns
    },
  },
})
await Promise.race([done.promise, worker.failed])
const { user, system } = process.cpuUsage(began.cpu)
const wall_s = (performance.now() - began.at) / 1000
const ns_per_record = Object.fromEntries(
  Object.entries(stages).map(([stage, ns]) => [stage, Math.round(ns / records)]),
)
console.log(
  JSON.stringify({ cpu_us_per_record: (user + system) / records, wall_s, wall_ns_per_record: ns_per_record }),
)
await worker.stop()
await log.close()
await store.close()
process.exit(0)
