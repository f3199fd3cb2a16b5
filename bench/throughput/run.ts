/**
 * npm run bench -- [--against flink,ks-rocks] [--workload w1,w2] [--workers 1,2] [--rounds 5] [--recovery] [--peers DIR] [--work DIR]
 * [--json FILE]: Tributary and its peers in turn on one broker and one data set, in the peers' own harness, which holds every result against the
 * expected ones. With --recovery all are killed at half of W1's outputs and started again, with their state and without it. Prints
 * medians and ratios; ends with 1 when a result of ours is not exact. Without the peers' folder it says so
 * and measures against the Node floor that is kept here (own.ts).
 */
import { existsSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { measure_services } from '../../test/services/process.ts'
import { stack } from '../../test/services/stack.ts'
import { median } from './median.ts'
import { generate_input, make_work_folder, type RunResult, run_peer, type Services, set_up } from './peers.ts'
import { measure_recovery } from './recovery.ts'

const ROOT = join(import.meta.dirname, '../..')
const { values } = parseArgs({
  options: {
    against: { type: 'string', default: 'node-floor,flink,ks-rocks' },
    workload: { type: 'string', default: 'w1,w2' },
    workers: { type: 'string', default: '1,2' },
    rounds: { type: 'string', default: '5' },
    peers: { type: 'string', default: join(ROOT, '../shared/bench/peers') },
    work: { type: 'string', default: join(ROOT, '.stack/peers') },
    json: { type: 'string' },
    recovery: { type: 'boolean', default: false },
  },
})
const list = (text: string): string[] => text.split(',').filter(of => of !== '')
const say = (text: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`)

const MEASURED = [
  'eventsPerS',
  'cpuUsPerEvent',
  'redisCpuUsPerEvent',
  'brokerCpuUsPerEvent',
  'peakRssMiB',
  'wallS',
] as const
type Medians = Readonly<Record<(typeof MEASURED)[number], number>>
const medians_of = (runs: readonly RunResult[]): Medians =>
  Object.fromEntries(
    MEASURED.map(name => [name, median(runs.map(run => run[name] ?? 0))]),
  ) as unknown as Medians

const result_of = (runs: readonly RunResult[]): string => {
  const bad = runs.filter(({ ok }) => !ok)
  if (bad.length === 0) return 'exact'
  return bad.map(({ failure, missing, wrong, dup, lostEvents, n }) => {
    const lost = lostEvents ? `, ${((100 * lostEvents) / n).toFixed(1)} % of the events lost` : ''
    return failure ?? `${missing} missing, ${wrong} wrong, ${dup} twice${lost}`
  })[0] as string
}

interface Row extends Medians {
  readonly workload: string
  readonly peer: string
  readonly runs: number
  readonly result: string
}

const show = (rows: readonly Row[]): void => {
  for (const workload of new Set(rows.map(row => row.workload))) {
    console.log(
      `\n${workload.toUpperCase()}\n\n| | records/s | CPU µs per record | Redis | broker | peak MiB | result |`,
    )
    console.log('|---|---|---|---|---|---|---|')
    for (const row of rows.filter(row => row.workload === workload)) {
      const numbers = [row.cpuUsPerEvent, row.redisCpuUsPerEvent, row.brokerCpuUsPerEvent].map(of =>
        of.toFixed(2),
      )
      console.log(
        `| ${row.peer} | ${Math.round(row.eventsPerS).toLocaleString('en')} | ${numbers.join(' | ')} | ${row.peakRssMiB} | ${row.result} |`,
      )
    }
  }
}

/** Ours over each peer's, of the same run of this program. */
const ratios_of = (rows: readonly Row[]) =>
  rows
    .filter(({ peer }) => peer.startsWith('tributary'))
    .flatMap(ours =>
      rows
        .filter(({ peer, workload }) => workload === ours.workload && !peer.startsWith('tributary'))
        .map(theirs => ({
          workload: ours.workload,
          ours: ours.peer,
          against: theirs.peer,
          cpu: ours.cpuUsPerEvent / theirs.cpuUsPerEvent,
          cpu_with_redis: (ours.cpuUsPerEvent + ours.redisCpuUsPerEvent) / theirs.cpuUsPerEvent,
          records_per_s: ours.eventsPerS / theirs.eventsPerS,
        })),
    )

const measure = async (work: string, services: Services): Promise<Row[]> => {
  const contestants = [...list(values.workers).map(count => `tributary-${count}`), ...list(values.against)]
  const runs = new Map<string, RunResult[]>()
  for (let round = 1; round <= Number(values.rounds); round++)
    for (const workload of list(values.workload))
      for (const peer of contestants) {
        const result = await run_peer(work, services, peer, workload)
        const name = `${workload} ${peer}`
        runs.set(name, [...(runs.get(name) ?? []), result])
        const { ok, cpuUsPerEvent, eventsPerS, otherCores } = result
        say(
          `round ${round}: ${name} ${ok ? 'exact' : 'NOT EXACT'}, ${cpuUsPerEvent} µs, ${eventsPerS} records/s, ${otherCores} other cores`,
        )
      }
  return [...runs].map(([name, of]) => {
    const [workload = '', peer = ''] = name.split(' ')
    return { workload, peer, runs: of.length, result: result_of(of), ...medians_of(of) }
  })
}

const machine = (): string =>
  `${cpus().length} cores of ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${loadavg()[0]?.toFixed(1)}`

const against_peers = async (peers: string): Promise<void> => {
  const work = resolve(values.work)
  make_work_folder(peers, work)
  await set_up(work, list(values.against), say)
  // Brokers that are measured run as in production.
  measure_services()
  const services = await stack('kafka', 'redis')
  const stop = () => void services.stop().then(() => process.exit(130))
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  try {
    const at = {
      broker: services.address('kafka'),
      redis: services.address('redis'),
      broker_pid: services.endpoints.get('kafka')?.service?.pid,
    }
    say('writing the input')
    const input = await generate_input(work, at)
    if (values.recovery) {
      const contestants = [
        ...list(values.workers).map(count => `tributary-${count}`),
        ...list(values.against),
      ]
      const { report, exact } = await measure_recovery(work, at, contestants, Number(values.rounds), say)
      if (values.json)
        writeFileSync(values.json, `${JSON.stringify({ machine: machine(), ...report }, null, 2)}\n`)
      if (!exact) process.exitCode = 1
      return
    }
    const rows = await measure(work, at)
    console.log(`${machine()}; medians of ${values.rounds} rounds, in turn`)
    show(rows)
    const ratios = ratios_of(rows)
    console.log('\n| | ours | against | CPU | with Redis | records/s |\n|---|---|---|---|---|---|')
    for (const { workload, ours, against, cpu, cpu_with_redis, records_per_s } of ratios)
      console.log(
        `| ${workload.toUpperCase()} | ${ours} | ${against} | ${cpu.toFixed(2)} × | ${cpu_with_redis.toFixed(2)} × | ${records_per_s.toFixed(2)} × |`,
      )
    const report = { machine: machine(), input: JSON.parse(input) as object, rows, ratios }
    if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
    if (rows.some(({ peer, result }) => peer.startsWith('tributary') && result !== 'exact'))
      process.exitCode = 1
  } finally {
    await services.stop()
  }
}

const peers = resolve(values.peers)
if (existsSync(join(peers, 'harness/run.ts'))) await against_peers(peers)
else {
  console.log(
    `The peers' benchmark is not at ${peers} (--peers DIR): only the Node floor is measured, on W1.`,
  )
  process.argv.splice(2)
  await import('./own.ts')
}
