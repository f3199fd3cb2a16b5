/**
 * node bench/commit.ts [ROUNDS]: what a task's transaction costs by its width: one output, a thousand on the task's own
 * partitions, a thousand on six topics of sixteen partitions. Milliseconds and CPU beside those of the narrow one.
 */
import { cpus } from 'node:os'
import pino from 'pino'
import { kafka_log } from '../runtime/kafka/log.ts'
import type { Output, TaskLog } from '../runtime/ports.ts'
import { stack } from '../test/services/stack.ts'

const ROUNDS = Number(process.argv[2] ?? 200)
const TOPICS = Array.from({ length: 6 }, (_, i) => `bench-out-${i}`)
const PARTITIONS = 16
const OUTPUTS = 1000
const BODY = Buffer.alloc(200, 'x')

const output = (topic: string, partition: number): Output => ({
  topic,
  partition,
  key: Buffer.from('acme|customer'),
  value: BODY,
})
const many = (partition_of: (i: number) => number): Output[] =>
  Array.from({ length: OUTPUTS }, (_, i) => output(TOPICS[i % TOPICS.length] as string, partition_of(i)))
const shapes: readonly (readonly [name: string, outputs: readonly Output[]])[] = [
  ['1 output', [output(TOPICS[0] as string, 0)]],
  ['1,000 outputs, own partition', many(() => 0)],
  ['1,000 outputs, 6 × 16 partitions', many(i => Math.floor(i / TOPICS.length) % PARTITIONS)],
]

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

const measure = async (task: TaskLog): Promise<void> => {
  await task.acquire()
  const record = output('bench-log', 0)
  let narrow_ms = Number.NaN
  for (const [name, outputs] of shapes) {
    const took: number[] = []
    for (let i = 0; i < 20; i++) await task.commit([...outputs, record])
    const cpu = process.cpuUsage()
    for (let i = 0; i < ROUNDS; i++) {
      const began = performance.now()
      await task.commit([...outputs, record])
      took.push(performance.now() - began)
    }
    const { user, system } = process.cpuUsage(cpu)
    const cpu_ms = (user + system) / 1000 / ROUNDS
    const ms = median(took)
    if (Number.isNaN(narrow_ms)) narrow_ms = ms
    console.log(
      `${name.padEnd(34)} ${ms.toFixed(1)} ms median, ${(ms / narrow_ms).toFixed(1)}×; ` +
        `CPU ${cpu_ms.toFixed(2)} ms, ${((cpu_ms * 1000) / outputs.length).toFixed(1)} µs an output`,
    )
  }
}

const services = await stack('kafka')
const log = kafka_log({
  brokers: services.address('kafka').split(','),
  client_id: 'bench-commit',
  logger: pino({ level: 'error' }),
})
try {
  console.log(`${ROUNDS} transactions each, ${cpus()[0]?.model}, ${cpus().length} cores`)
  await log.ensure([
    { name: 'bench-log', partitions: 1 },
    ...TOPICS.map(name => ({ name, partitions: PARTITIONS })),
  ])
  const done = new AbortController()
  const group = { name: 'bench-commit', topics: ['bench-log'], partitions: 1, transactional: true }
  await log.run(group, task => measure(task).finally(() => done.abort()), done.signal)
} finally {
  await log.close()
  await services.stop()
}
