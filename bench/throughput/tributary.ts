/**
 * Our entry among the peers: one worker on Kafka and Redis, exactly once and checkpointed, as the environment says (BOOTSTRAP,
 * REDIS_URL, IN_TOPIC, OUT_TOPIC, RUN_ID, WORKLOAD, GRACE_MS). Prints `FIRST <ms>` at the first batch, the stages' costs as it ends on
 * SIGTERM. With RECORDS it ends by itself after so many, and prints the same JSON line as the floor.
 */
import { createHash } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pino from 'pino'
import { topic_settings } from '../../runtime/app.ts'
import { system_clock } from '../../runtime/clock.ts'
import { give_room_for_garbage } from '../../runtime/heap.ts'
import { kafka_log } from '../../runtime/kafka/log.ts'
import { type Registry, UnknownSchema } from '../../runtime/ports.ts'
import { open_redis_state_store } from '../../runtime/redis/state-store.ts'
import { default_settings } from '../../runtime/settings.ts'
import { start_worker } from '../../runtime/worker.ts'
import { type Stage, unobserved } from '../../runtime/worker-types.ts'
import { bench_app, SCHEMA, type Workload } from './workload.ts'

give_room_for_garbage()
const env = process.env as Record<string, string>
const { BOOTSTRAP = '', REDIS_URL = '', IN_TOPIC = '', OUT_TOPIC = '', RUN_ID = '' } = env
const workload = env.WORKLOAD as Workload
const grace_ms = Number(env.GRACE_MS ?? 5000)

/** The peers' records carry schema id 1 and no registry stands beside them: ids follow from the schemas, so that restarts agree. */
const registry = (): Registry => {
  const schemas = new Map<number, object>([[1, SCHEMA]])
  return {
    register: async (_, schema) => {
      const text = JSON.stringify(schema)
      if (text === JSON.stringify(SCHEMA)) return 1
      const id = 2 + (createHash('sha256').update(text).digest().readUInt32BE(0) & 0x3fffffff)
      schemas.set(id, schema)
      return id
    },
    schema: async id => {
      const schema = schemas.get(id)
      if (!schema) throw new UnknownSchema(`there is no schema with id ${id}`)
      return schema
    },
    health: async () => null,
  }
}

const logger = pino({ level: env.LOG ?? 'warn' }, pino.destination(2))
const app = bench_app(workload, { name: RUN_ID, in_topic: IN_TOPIC, out_topic: OUT_TOPIC, grace_ms })
const log = kafka_log({ brokers: BOOTSTRAP.split(','), client_id: RUN_ID, logger })
// The harness loses a peer's state with its directory; ours is in Redis, and goes when the mark in that directory has gone.
if (env.KILL_WIPE === '1' && env.STATE_DIR && !existsSync(join(env.STATE_DIR, 'began'))) {
  const redis = new Redis(REDIS_URL)
  await redis.flushdb()
  redis.disconnect()
  writeFileSync(join(env.STATE_DIR, 'began'), '')
}
const store = await open_redis_state_store(REDIS_URL)
const known = new Set([IN_TOPIC, OUT_TOPIC])
await log.ensure(topic_settings(app).filter(({ name }) => !known.has(name)))

const records = Number(env.RECORDS ?? Number.POSITIVE_INFINITY)
const began: { cpu?: NodeJS.CpuUsage; at: number } = { at: 0 }
let seen = 0
const stages: Partial<Record<Stage, { ns: number; records: number }>> = {}
let first = false
const worker = start_worker({
  app,
  log,
  registry: registry(),
  store,
  clock: system_clock,
  settings: default_settings,
  logger,
  observe: {
    ...unobserved,
    outcome: (topic, _, count) => {
      if (topic === IN_TOPIC) seen += count
      if (seen >= records && began.cpu) void report().then(stop)
    },
    stage: (stage, ns, records) => {
      if (!first && records > 0) {
        first = true
        Object.assign(began, { cpu: process.cpuUsage(), at: performance.now() })
        console.log(`FIRST ${Date.now()}`)
      }
      const { ns: earlier_ns = 0, records: earlier = 0 } = stages[stage] ?? {}
      stages[stage] = { ns: earlier_ns + ns, records: earlier + records }
    },
  },
})
const report = async (): Promise<void> => {
  const { user, system } = process.cpuUsage(began.cpu)
  delete began.cpu
  const wall_s = (performance.now() - began.at) / 1000
  console.log(JSON.stringify({ cpu_us_per_record: (user + system) / records, wall_s }))
}
const stop = async (): Promise<void> => {
  await worker.stop()
  await log.close()
  await store.close()
  console.log(`STAGES ${JSON.stringify(stages)}`)
  process.exit(0)
}
process.once('SIGTERM', () => void stop())
worker.failed.catch(error => {
  console.error(error)
  process.exit(1)
})
