/**
 * npm run bench:product -- [--events 200000] [--partitions 8] [--workers 1] [--profile DIR] [--json FILE]
 * [--pids kafka=1,redis=2,registry=3]: W3, the whole product.
 * All pipelines on Kafka, registry, Redis and the ClickHouse endpoint, exactly once and with the sink. Events of the demo's
 * business are a backlog in Kafka when the product starts; measured is from the first record until all is processed,
 * checkpointed and inserted. Ends with 1 when reconcile finds a difference. Services that the environment names are used as they
 * are (and must be new); --pids says which processes they are, for their CPU. --profile tells the CPU by stage as well.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { business } from '../../commands/demo/business.ts'
import { append_catalog, append_events, hold_time, release_time } from '../../commands/demo/load.ts'
import { key_groups } from '../../runtime/app.ts'
import { left_to_do } from '../../runtime/system.ts'
import { hours } from '../../schemas/units.ts'
import { cpu_s, machine_cpu_s, machine_line } from './processes.ts'
import { profile_report } from './profile.ts'
import { open_stand, type Readiness, type Stand } from './stand.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '200000' },
    partitions: { type: 'string', default: '8' },
    workers: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    profile: { type: 'string' },
    pids: { type: 'string', default: '' },
    json: { type: 'string' },
  },
})
const EVENTS = Number(values.events)
/** Always the same days, so that two runs have the same events. */
const ORIGIN_MS = Date.UTC(2026, 3, 1)
const STEP_MS = hours(12)
const LOOK_EVERY_MS = 100
const LOOKS = 3
const TELL_EVERY_MS = 5000
const WITHIN_MS = 600_000
const EMITTED = ['touchpoints', 'conversations', 'payments', 'feedback']
const say = (text: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`)

/** Appends the business's events until there are so many; returns how many there are. */
const write_backlog = async ({ system }: Stand): Promise<number> => {
  const simulated = business({ seed: Number(values.seed), origin_ms: ORIGIN_MS })
  await append_catalog(system, ORIGIN_MS)
  await hold_time(system, ORIGIN_MS)
  let events = 0
  for (let at_ms = ORIGIN_MS + STEP_MS; events < EVENTS; at_ms += STEP_MS) {
    const step = simulated.advance(at_ms).slice(0, EVENTS - events)
    await append_events(system, step)
    events += step.length
  }
  return events
}

interface Moment {
  readonly at_ms: number
  readonly busy_s: number
  readonly cpu_s: Readonly<Record<string, number>>
  /** Of the topics that emitters write. */
  readonly emitted: number
  /** Of all that tasks read. */
  readonly read: number
}

const now_of = async (stand: Stand): Promise<Moment> => {
  const pids = await stand.pids()
  const records = await stand.metric('tributary_records_total', 'topic')
  const cpu = Object.entries(pids).map(([name, of]) => [name, of.reduce((sum, pid) => sum + cpu_s(pid), 0)])
  return {
    at_ms: performance.now(),
    busy_s: machine_cpu_s(),
    cpu_s: Object.fromEntries(cpu) as Record<string, number>,
    emitted: EMITTED.reduce((sum, topic) => sum + (records.get(topic) ?? 0), 0),
    read: [...records.values()].reduce((sum, n) => sum + n, 0),
  }
}

/** Looks again and again until `found` gives more than words, which say what it waits for; throws when that takes too long. */
const poll = async <T>(what: string, found: () => Promise<T | string>): Promise<T> => {
  let told = 0
  for (const deadline = performance.now() + WITHIN_MS; ; await sleep(LOOK_EVERY_MS)) {
    const answer = await found()
    if (typeof answer !== 'string') return answer
    if (performance.now() > deadline) throw new Error(`not in ${WITHIN_MS} ms: ${what}: ${answer}`)
    if (performance.now() - told > TELL_EVERY_MS) say(`${what}: ${answer}`)
    else continue
    told = performance.now()
  }
}

const still_to_do = (stand: Stand, status: Readiness | null): string | null => {
  if (!status) return 'the product does not answer'
  const groups = key_groups(stand.system.app)
  const expected = groups.reduce((sum, group) => sum + group.partitions, 0)
  const running = <S>(of: readonly S[]) => ({ status: () => of, stop: async () => {} })
  return left_to_do(
    { tasks_expected: expected },
    { worker: running(status.tasks), sink: running(status.sink) },
  )
}

/** The first of several looks in a row that found nothing left: lag is as of the newest fetch. */
const caught_up = (stand: Stand): Promise<Moment> => {
  let looks = 0
  let first: Moment | null = null
  return poll('caught up', async () => {
    const left = still_to_do(stand, await stand.status())
    if (left !== null) {
      looks = 0
      first = null
      return left
    }
    first ??= await now_of(stand)
    return ++looks < LOOKS ? 'looked again' : first
  })
}

interface Measured {
  readonly began: Moment
  readonly processed: Moment
  readonly inserted: Moment
  readonly stages: readonly Stage[]
}
interface Stage {
  readonly stage: string
  readonly records: number
  readonly seconds: number
}

const measure = async (stand: Stand, events: number): Promise<Measured> => {
  stand.start()
  const began = await poll('the first record', async () => {
    const moment = await now_of(stand)
    return moment.emitted > 0 ? moment : (still_to_do(stand, await stand.status()) ?? 'nothing is lagging')
  })
  const processed = await poll('every emitted record processed', async () => {
    const records = await stand.metric('tributary_records_total', 'topic')
    const emitted = EMITTED.reduce((sum, topic) => sum + (records.get(topic) ?? 0), 0)
    return emitted >= events ? now_of(stand) : `${emitted} of ${events}`
  })
  const inserted = await caught_up(stand)
  const ns = await stand.metric('tributary_stage_ns_total', 'stage')
  const records = await stand.metric('tributary_stage_records_total', 'stage')
  const stages = [...ns].map(([stage, of]) => {
    return { stage, records: records.get(stage) ?? 0, seconds: of / 1e9 }
  })
  return { began, processed, inserted, stages }
}

const report_of = (events: number, { began, processed, inserted, stages }: Measured) => {
  const wall_s = (inserted.at_ms - began.at_ms) / 1000
  const processed_s = (processed.at_ms - began.at_ms) / 1000
  const of_events = events - began.emitted
  const of_records = inserted.read - began.read
  const of = (name: string) => (inserted.cpu_s[name] ?? 0) - (began.cpu_s[name] ?? 0)
  const cpu = Object.keys(inserted.cpu_s).map(name => {
    const us = 1e6 * of(name)
    return { process: name, cpu_s: of(name), us_per_event: us / of_events, us_per_record: us / of_records }
  })
  const ours_s = cpu.reduce((sum, each) => sum + each.cpu_s, 0)
  return {
    machine: machine_line(),
    events,
    before_the_first_look: began.emitted,
    read_by_tasks: of_records,
    records_per_s: of_records / wall_s,
    events_per_s: of_events / wall_s,
    processed_per_s: of_events / processed_s,
    wall_s,
    processed_s,
    other_cores: Math.max(0, (inserted.busy_s - began.busy_s - ours_s) / wall_s),
    cpu,
    stages,
  }
}

const show = (report: ReturnType<typeof report_of>): void => {
  const whole = (of: number) => Math.round(of).toLocaleString('en')
  console.log(
    `${report.machine}; ${values.partitions} partitions, ${values.workers} process(es), other programs ${report.other_cores.toFixed(2)} cores`,
  )
  console.log(
    `${whole(report.events)} events, ${whole(report.before_the_first_look)} of them before the first look; tasks read ${whole(report.read_by_tasks)} records`,
  )
  console.log(
    `emitted events processed in ${report.processed_s.toFixed(1)} s: ${whole(report.processed_per_s)} events/s; all of it checkpointed and inserted in ${report.wall_s.toFixed(1)} s: ${whole(report.events_per_s)} events/s, ${whole(report.records_per_s)} records/s`,
  )
  console.log('\n| process | CPU s | µs per record | µs per event | cores |\n|---|---|---|---|---|')
  for (const { process, cpu_s, us_per_event, us_per_record } of report.cpu)
    console.log(
      `| ${process} | ${cpu_s.toFixed(2)} | ${us_per_record.toFixed(1)} | ${us_per_event.toFixed(1)} | ${(cpu_s / report.wall_s).toFixed(2)} |`,
    )
  console.log('\n| stage (time in it, waiting too) | records | s | µs per record of it |\n|---|---|---|---|')
  for (const { stage, records, seconds } of report.stages)
    console.log(
      `| ${stage} | ${whole(records)} | ${seconds.toFixed(2)} | ${((1e6 * seconds) / records).toFixed(1)} |`,
    )
}

const main = async (stand: Stand): Promise<void> => {
  say('writing the backlog')
  const events = await write_backlog(stand)
  say(`${events} events written, starting the product`)
  const report = report_of(events, await measure(stand, events))
  show(report)
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
  say('closing the last windows and reconciling')
  await release_time(stand.system)
  await caught_up(stand)
  const { code, output } = await stand.run('reconcile', '--wait', '60')
  console.log(`\n${output.trimEnd()}`)
  if (code !== 0) process.exitCode = 1
  if (profiles === null) return
  await stand.stop_product()
  console.log(profile_report(profiles, events))
}

const profiles = values.profile === undefined ? null : resolve(values.profile)
if (profiles !== null) mkdirSync(profiles, { recursive: true })
say('starting the services')
let stop = async (): Promise<void> => {}
// A signal during the start too: what has been started by then is ended with this process.
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => void stop().finally(() => process.exit(130)))
const stand = await open_stand({
  partitions: Number(values.partitions),
  workers: Number(values.workers),
  profiles,
  known: new Map(
    values.pids
      .split(',')
      .map(pair => pair.split('='))
      .map(([name = '', pid]) => [name, Number(pid)] as const),
  ),
})
stop = stand.close
try {
  await main(stand)
} finally {
  await stand.close()
}
process.exit()
