/**
 * npm run bench:growth -- [--keys 10000,100000,1000000] [--partitions 1,4,16,64] [--workers 1,2] [--records 1000000] [--hot 250000]
 * [--whole] [--soak MINUTES [--rate 5000]] [--json FILE]: what a record of W1 costs as keys, partitions and workers grow, on a
 * backlog, exactly once. All keys at four partitions with each number of workers, then all partitions at the middle number of
 * keys with one worker; --whole crosses all three. Each key count and partition count has a topic of its own, with as many
 * records, behind one of every customer, which is not counted. --hot is how many customers a worker may keep decoded in all its tasks together (hot_keys_max times partitions).
 * Every decision is checked, and afterwards the state of a thousand customers, by bringing them to their next decision.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Log } from '../../runtime/ports.ts'
import { machine, numbers, open_services, type Services, say } from '../latency/machine.ts'
import { Customers, write_backlog } from './keys.ts'
import { run_soak } from './soak.ts'
import { read_decisions, type Topics, until, Workers } from './workers.ts'

const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '10000,100000,1000000' },
    partitions: { type: 'string', default: '1,4,16,64' },
    workers: { type: 'string', default: '1,2' },
    records: { type: 'string', default: '1000000' },
    hot: { type: 'string', default: '1000000' },
    whole: { type: 'boolean', default: false },
    soak: { type: 'string' },
    rate: { type: 'string', default: '5000' },
    json: { type: 'string' },
  },
})
const records = Number(values.records)
const hot = Number(values.hot)
const counts = {
  keys: numbers(values.keys),
  partitions: numbers(values.partitions),
  workers: numbers(values.workers),
}
const GOAL_RATIO = 1.3
const [SMALL, LARGE] = [10_000, 1_000_000]
const USUAL_PARTITIONS = 4
const RUN_S = 300
const SAMPLED = 1000
/** Resident memory in the second half of the records, against the first, that is still called bounded. */
const BOUNDED = 1.15

interface Shape {
  readonly keys: number
  readonly partitions: number
  readonly workers: number
}
interface Row extends Shape {
  readonly hot_keys_max: number
  readonly cpu_us_per_record: number
  readonly redis_us_per_record: number
  readonly broker_us_per_record: number
  readonly records_per_s: number
  readonly peak_mib: number
  /** Resident memory at most, in each half of the records. */
  readonly halves_mib: readonly [number, number]
  readonly bounded: boolean
  readonly decisions: number
  readonly expected: number
  readonly exact: boolean
}

const shapes = (): Shape[] => {
  const cross = counts.keys.flatMap(keys =>
    counts.partitions.flatMap(partitions => counts.workers.map(workers => ({ keys, partitions, workers }))),
  )
  if (values.whole) return cross
  const usual = counts.partitions.includes(USUAL_PARTITIONS) ? USUAL_PARTITIONS : counts.partitions[0]
  const middle = counts.keys[counts.keys.length >> 1]
  return cross.filter(
    ({ keys, partitions, workers }) =>
      partitions === usual || (keys === middle && workers === counts.workers[0]),
  )
}

const settings_of = (partitions: number) => ({ hot_keys_max: Math.max(100, Math.floor(hot / partitions)) })

const run_shape = async (services: Services, shape: Shape): Promise<Row> => {
  const { partitions } = shape
  const run_id = `bench-growth-${Date.now().toString(36)}`
  const topics: Topics = { run_id, in_topic: `${run_id}-in`, out_topic: `${run_id}-out`, partitions }
  await services.forget()
  const log = services.open_log()
  await log.ensure([topics.in_topic, topics.out_topic].map(name => ({ name, partitions })))
  const customers = new Customers(shape.keys, topics.in_topic, partitions)
  await write_backlog(log, customers, shape.keys, records)
  const settings = settings_of(partitions)
  const workers = new Workers(services, topics, shape.workers, settings)
  const reading = read_decisions(log, topics, customers)
  const halves: [number, number] = [0, 0]
  let looked_at = 0
  const check = (): void => {
    workers.check()
    reading.check()
    if (performance.now() - looked_at < 200) return
    looked_at = performance.now()
    const half = workers.seen < shape.keys + records / 2 ? 0 : 1
    halves[half] = Math.max(halves[half], workers.memory_mib('VmRSS'))
  }
  try {
    const known = await until(() => workers.seen >= shape.keys, check, RUN_S)
    const left = shape.keys + records - workers.seen
    workers.begin()
    const done = () => workers.seen >= shape.keys + records && customers.decisions >= customers.expected
    const ended = known && (await until(done, check, RUN_S))
    const { ours_us, redis_us, broker_us, at_ms } = await workers.used()
    const peak_mib = workers.memory_mib('VmHWM')
    const { decisions, expected } = customers
    const seen = workers.seen
    const exact = ended && seen === shape.keys + records && decisions === expected
    const later = await check_state(log, customers, workers, check)
    return {
      ...shape,
      ...settings,
      cpu_us_per_record: ours_us / left,
      redis_us_per_record: redis_us / left,
      broker_us_per_record: broker_us / left,
      records_per_s: (left / at_ms) * 1000,
      peak_mib,
      halves_mib: halves,
      bounded: halves[1] <= BOUNDED * halves[0],
      decisions,
      expected,
      exact: exact && later,
    }
  } finally {
    await workers.stop()
    await reading.stop()
    await log.close()
    await services.forget([topics.in_topic, topics.out_topic])
  }
}

/** The state the workers hold is that of what they were given: more touches, and the decisions they lead to. */
const check_state = async (
  log: Log,
  customers: Customers,
  workers: Workers,
  check: () => void,
): Promise<boolean> => {
  await log.append(customers.to_next_decision(SAMPLED))
  const ended = await until(() => customers.decisions >= customers.expected, check, 30)
  return ended && customers.wrong === 0 && workers.bad === 0 && customers.decisions === customers.expected
}

const measure = async (services: Services): Promise<Row[]> => {
  const rows: Row[] = []
  for (const shape of shapes()) {
    const row = await run_shape(services, shape)
    rows.push(row)
    const { keys, partitions, workers, cpu_us_per_record: cpu, redis_us_per_record: redis, exact } = row
    say(
      `${keys} keys, ${partitions} partitions, ${workers} workers: ${cpu.toFixed(2)} µs, with Redis ${(cpu + redis).toFixed(2)}, ${exact ? 'exact' : 'NOT EXACT'}`,
    )
  }
  return rows
}

const show = (rows: readonly Row[]): void => {
  console.log(
    '\n| keys | partitions | workers | hot keys a task | CPU µs a record | with Redis | broker | records/s | peak MiB | halves | decisions | result |',
  )
  console.log('|---|---|---|---|---|---|---|---|---|---|---|---|')
  for (const row of rows) {
    const { cpu_us_per_record: cpu, redis_us_per_record: redis, broker_us_per_record: broker } = row
    const cells = [
      row.keys.toLocaleString('en'),
      row.partitions,
      row.workers,
      row.hot_keys_max.toLocaleString('en'),
      ...[cpu, cpu + redis, broker].map(us => us.toFixed(2)),
      Math.round(row.records_per_s).toLocaleString('en'),
      Math.round(row.peak_mib),
      `${row.halves_mib.map(Math.round).join(' → ')}${row.bounded ? '' : ' (grows)'}`,
      row.decisions.toLocaleString('en'),
      row.exact ? 'exact' : `NOT EXACT, ${row.expected} expected`,
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
}

const goals_of = (rows: readonly Row[]) =>
  rows
    .filter(({ keys }) => keys === LARGE)
    .flatMap(large => {
      const small = rows.find(
        ({ keys, partitions, workers }) =>
          keys === SMALL && partitions === large.partitions && workers === large.workers,
      )
      if (!small) return []
      const { partitions, workers } = large
      const ratio = large.cpu_us_per_record / small.cpu_us_per_record
      const with_redis =
        (large.cpu_us_per_record + large.redis_us_per_record) /
        (small.cpu_us_per_record + small.redis_us_per_record)
      return [{ partitions, workers, ratio, with_redis, met: ratio <= GOAL_RATIO }]
    })

const on = machine()
const services = await open_services()
const report: Record<string, unknown> = { machine: on, records, hot }
try {
  if (values.soak) {
    const [partitions, keys] = [counts.partitions.includes(4) ? 4 : counts.partitions[0]!, counts.keys[0]!]
    const soak = { minutes: Number(values.soak), rate: Number(values.rate), keys, partitions }
    const result = await run_soak(services, { ...soak, settings: settings_of(partitions) })
    report.soak = result
    console.log(`${on}; ${result.records} records at ${soak.rate}/s, ${keys} keys, ${partitions} partitions`)
    for (const [name, { mean_mib, mib_per_hour, flat }] of Object.entries({
      resident: result.rss,
      heap: result.heap,
    }))
      console.log(
        `${name}: ${mean_mib.toFixed(0)} MiB, ${mib_per_hour.toFixed(0)} MiB per hour, ${flat ? 'flat' : 'NOT FLAT'}`,
      )
    console.log(
      `${result.cpu_us_per_record.toFixed(2)} µs of CPU a record, with Redis ${(result.cpu_us_per_record + result.redis_us_per_record).toFixed(2)}; ${result.exact ? 'exact' : 'NOT EXACT'}, ${result.decisions} decisions`,
    )
    if (!result.exact) process.exitCode = 1
  } else {
    const rows = await measure(services)
    const goals = goals_of(rows)
    Object.assign(report, { rows, goals })
    console.log(`${on}; ${records.toLocaleString('en')} records each, uniform keys, exactly once`)
    show(rows)
    console.log('')
    for (const { partitions, workers, ratio, with_redis, met } of goals)
      console.log(
        `${met ? 'met' : 'NOT MET'}: a record at 1 M keys at most ${GOAL_RATIO} × that at 10 k, ${partitions} partitions, ${workers} workers: ${ratio.toFixed(2)} (with Redis ${with_redis.toFixed(2)})`,
      )
    if (rows.some(({ exact }) => !exact)) process.exitCode = 1
  }
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
} finally {
  await services.stop()
}
process.exit()
