/**
 * node bench/throughput/own.ts [RECORDS] [ROUNDS]: W1 of the floor and of Tributary in turn on one broker, CPU per record side by
 * side, and the decisions of both counted at read_committed. Starts the services it needs unless the environment names them.
 */
import { spawn } from 'node:child_process'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import pino from 'pino'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import { kafka_log } from '../../runtime/kafka/log.ts'
import type { Output } from '../../runtime/ports.ts'
import { scan } from '../../runtime/scan.ts'
import { measure_services } from '../../test/services/process.ts'
import { stack } from '../../test/services/stack.ts'
import { generate, PARTITIONS, SCHEMA } from './workload.ts'

const IN_TOPIC = 'bench-touchpoints'
/** Of the peers' records. */
const SCHEMA_ID = 1

const records = Number(process.argv[2] ?? 1_000_000)
const rounds = Number(process.argv[3] ?? 3)
measure_services()
const services = await stack('kafka', 'redis')
const brokers = services.address('kafka').split(',')
const log = kafka_log({ brokers, client_id: 'bench', logger: pino({ level: 'error' }) })
await log.ensure([{ name: IN_TOPIC, partitions: PARTITIONS }])
const expected = await write_input()
console.log(`${records} records, ${expected} decisions expected, ${cpus()[0]?.model}, ${cpus().length} cores`)

const ratios: number[] = []
for (let round = 1; round <= rounds; round++) {
  const floor = await measure('floor')
  const ours = await measure('tributary')
  ratios.push(ours.cpu_us_per_record / floor.cpu_us_per_record)
  const line = (name: string, r: Result) =>
    `  ${name.padEnd(10)} ${r.cpu_us_per_record.toFixed(2)} µs CPU/record, ${Math.round(records / r.wall_s)} records/s, ${r.written} decisions`
  console.log(`round ${round}\n${line('floor', floor)}\n${line('tributary', ours)}`)
  if (ours.written !== expected) process.exitCode = 1
}
const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)]
console.log(`CPU per record against the floor: ${median?.toFixed(2)} (median of ${rounds})`)
await log.close()
await services.stop()

interface Result {
  readonly cpu_us_per_record: number
  readonly wall_s: number
  readonly written: number
}

async function write_input(): Promise<number> {
  const encode = compile_encoder(SCHEMA, SCHEMA_ID)
  let batch: Output[] = []
  const batches: Output[][] = []
  const { decisions } = generate(records, (row, key, partition) => {
    batch.push({ topic: IN_TOPIC, partition, key: Buffer.from(key), value: encode(row) })
    if (batch.length === 20_000) {
      batches.push(batch)
      batch = []
    }
  })
  for (const outputs of [...batches, batch]) if (outputs.length) await log.append(outputs)
  return decisions
}

/** The batch log is named after the key group: each run begins a new one. */
async function forget_batch_log(): Promise<void> {
  const admin = new Kafka({ brokers, clientId: 'bench', logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const topics = (await admin.listTopics()).filter(name => name.startsWith('batch_log.'))
  if (topics.length) await admin.deleteTopics({ topics })
  await admin.disconnect()
}

async function measure(program: 'floor' | 'tributary'): Promise<Result> {
  await forget_batch_log()
  const out = `bench-${program}-${Date.now().toString(36)}`
  await log.ensure([{ name: out, partitions: PARTITIONS }])
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=64', join(import.meta.dirname, `${program}.ts`)],
    {
      env: {
        ...process.env,
        BOOTSTRAP: brokers.join(','),
        REDIS_URL: services.address('redis'),
        IN_TOPIC,
        OUT_TOPIC: out,
        RUN_ID: out,
        WORKLOAD: 'w1',
        RECORDS: String(records),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let text = ''
  child.stdout.on('data', chunk => {
    text += chunk
  })
  const code = await new Promise(resolve => child.on('close', resolve))
  if (code !== 0) throw new Error(`${program} ended with ${code}`)
  let written = 0
  for (let partition = 0; partition < PARTITIONS; partition++)
    await scan(log, { topic: out, partition }, 0, () => {
      written++
    })
  const [last = '{}'] = text.split('\n').filter(line => line.startsWith('{'))
  return { ...(JSON.parse(last) as Omit<Result, 'written'>), written }
}
