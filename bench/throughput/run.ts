/**
 * node bench/w1/run.ts [RECORDS] [ROUNDS]: the floor and Tributary in turn on one broker, CPU per record side by side, and
 * the decisions of both counted at read_committed. Starts the services it needs unless the environment names them.
 */
import { spawn } from 'node:child_process'
import { cpus } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import { kafka_log } from '../../runtime/kafka/log.ts'
import { confluent_registry } from '../../runtime/kafka/registry.ts'
import type { Output } from '../../runtime/ports.ts'
import { scan } from '../../runtime/scan.ts'
import { stack } from '../../test/services/stack.ts'
import { generate, PARTITIONS, SCHEMA } from './workload.ts'

const records = Number(process.argv[2] ?? 1_000_000)
const rounds = Number(process.argv[3] ?? 3)
const services = await stack()
const env = {
  ...process.env,
  KAFKA_BROKERS: services.address('kafka'),
  SCHEMA_REGISTRY_URL: services.address('registry'),
  REDIS_URL: services.address('redis'),
  RECORDS: String(records),
}
const client_id = 'bench'
const log = kafka_log({ brokers: env.KAFKA_BROKERS.split(','), client_id, logger: pino({ level: 'error' }) })
const registry = confluent_registry({ url: env.SCHEMA_REGISTRY_URL, client_id })
await log.ensure([{ name: 'bench-touchpoints', partitions: PARTITIONS }])
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
  if (ours.wall_ns_per_record) console.log(`  wall ns per record: ${JSON.stringify(ours.wall_ns_per_record)}`)
  if (ours.written !== expected) process.exitCode = 1
}
const median = [...ratios].sort((a, b) => a - b)[Math.floor(ratios.length / 2)]
console.log(`CPU per record against the floor: ${median?.toFixed(2)} (median of ${rounds})`)
await log.close()
await services.stop()

interface Result {
  readonly cpu_us_per_record: number
  readonly wall_s: number
  readonly wall_ns_per_record?: object
  readonly written: number
}

async function write_input(): Promise<number> {
  const encode = compile_encoder(SCHEMA, await registry.register('bench-touchpoints-value', SCHEMA))
  let batch: Output[] = []
  const batches: Output[][] = []
  const { decisions } = generate(records, (row, key, partition) => {
    batch.push({ topic: 'bench-touchpoints', partition, key: Buffer.from(key), value: encode(row) })
    if (batch.length === 20_000) {
      batches.push(batch)
      batch = []
    }
  })
  for (const outputs of [...batches, batch]) if (outputs.length) await log.append(outputs)
  return decisions
}

async function measure(program: 'floor' | 'tributary'): Promise<Result> {
  const out = `bench-${program}-${Date.now().toString(36)}`
  await log.ensure([{ name: out, partitions: PARTITIONS }])
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=64', join(import.meta.dirname, `${program}.ts`)],
    {
      env: { ...env, OUT_TOPIC: out },
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
  return { ...(JSON.parse(text.trim().split('\n').at(-1) ?? '{}') as Omit<Result, 'written'>), written }
}
