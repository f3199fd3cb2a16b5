/**
 * npm run bench:latency -- [--rates 100,1000,10000] [--capacity N] [--seconds 30] [--warm 5] [--rounds 1] [--sides tributary,ks-rocks,embedded]
 * [--peers DIR] [--work DIR] [--settings JSON] [--json FILE]: from when a touch was due to be produced until W1's decision on it
 * is readable at read_committed. Tributary (one worker on Kafka and Redis) and Kafka Streams (exactly_once_v2) in turn on one
 * broker, with this process as producer and reader of both; then the embedded stack, in its own process. Medians of the rounds. --capacity adds 70 % of N.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { give_room_for_garbage } from '../../runtime/heap.ts'
import { median } from '../throughput/median.ts'
import { make_work_folder, set_up } from '../throughput/peers.ts'
import { PARTITIONS } from '../throughput/workload.ts'
import type { Quantiles } from './histogram.ts'
import {
  machine,
  numbers,
  on_signal,
  open_services,
  type Services,
  say,
  sleep,
  start_program,
} from './machine.ts'
import { type Measured, plans_of, run_plans } from './traffic.ts'

const ROOT = join(import.meta.dirname, '../..')
const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '100,1000,10000' },
    capacity: { type: 'string' },
    seconds: { type: 'string', default: '30' },
    warm: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '1' },
    sides: { type: 'string', default: 'tributary,ks-rocks,embedded' },
    'embedded-rates': { type: 'string', default: '1000' },
    peers: { type: 'string', default: join(ROOT, '../shared/bench/peers') },
    work: { type: 'string', default: join(ROOT, '.stack/peers') },
    /** Of ours, other than the defaults; for looking where time goes. */
    settings: { type: 'string' },
    json: { type: 'string' },
  },
})
const GOAL_RATE = 1000
const GOAL_RATIO = 0.3
const GOAL_EMBEDDED_MS = 5
const rates = [
  ...numbers(values.rates),
  ...(values.capacity ? [Math.round(0.7 * Number(values.capacity))] : []),
]
const seconds = Number(values.seconds)
const warm_seconds = Number(values.warm)
const rounds = Number(values.rounds)
const sides = values.sides.split(',').filter(Boolean)

interface Row extends Measured {
  readonly side: string
}
const runs: Row[] = []
const take = (side: string, measured: Measured): void => {
  runs.push({ side, ...measured })
  const { rate, p50, p99, p999, missing, wrong } = measured
  const found = missing + wrong === 0 ? 'exact' : `${missing} missing, ${wrong} wrong`
  say(
    `${side} at ${rate}/s: p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, p99.9 ${p999.toFixed(1)} ms, ${found}`,
  )
}

interface Proc {
  readonly cmd: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}
type Peers = Readonly<Record<string, { procs(of: Readonly<Record<string, string>>): Proc[] }>>

/** How a side is started: as the peers' harness does it. */
const programs_of = async (work: string, side: string, run_id: string, state: string): Promise<Proc[]> => {
  if (side === 'tributary' && (values.settings || !existsSync(join(work, 'harness/peers.ts')))) {
    const args = [join(import.meta.dirname, '../growth/entry.ts')]
    return [{ cmd: process.execPath, args, cwd: ROOT, env: { SETTINGS: values.settings ?? '{}' } }]
  }
  const { PEERS } = (await import(join(work, 'harness/peers.ts'))) as { PEERS: Peers }
  const peer = PEERS[side === 'tributary' ? 'tributary-1' : side]
  if (!peer) throw new Error(`there is no peer ${side}`)
  return peer.procs({ runId: run_id, workload: 'w1', guarantee: 'eos', stateDir: state })
}

const measure_side = async (services: Services, work: string, side: string): Promise<void> => {
  await services.forget()
  const run_id = `bench-latency-${side}-${Date.now().toString(36)}`
  const [in_topic, out_topic] = [`${run_id}-in`, `${run_id}-out`]
  const log = services.open_log()
  await log.ensure([in_topic, out_topic].map(name => ({ name, partitions: PARTITIONS })))
  const state = mkdtempSync(join(tmpdir(), 'bench-latency-'))
  const programs = (await programs_of(work, side, run_id, state)).map(({ env, ...proc }) =>
    start_program({
      ...proc,
      env: {
        ...process.env,
        BOOTSTRAP: services.brokers.join(','),
        REDIS_URL: services.redis,
        IN_TOPIC: in_topic,
        OUT_TOPIC: out_topic,
        RUN_ID: run_id,
        WORKLOAD: 'w1',
        GUARANTEE: 'eos',
        GRACE_MS: '5000',
        STATE_DIR: state,
        SCHEMA: join(work, 'harness/touchpoint.avsc'),
        ...env,
      },
    }),
  )
  const check = (): void => {
    for (const program of programs) program.check()
  }
  try {
    const route = { log, in_topic, out_topic, schema_id: 1, check }
    await run_plans(route, plans_of(rates, seconds, warm_seconds), measured => take(side, measured))
  } finally {
    await Promise.all(programs.map(program => program.stop()))
    await log.close()
    rmSync(state, { recursive: true, force: true })
    await services.forget([in_topic, out_topic])
  }
}

const measure_embedded = async (): Promise<void> => {
  const wanted = numbers(values['embedded-rates'])
  let seen = 0
  const file = join(import.meta.dirname, 'embedded.ts')
  const program = start_program({
    cmd: process.execPath,
    args: [file, wanted.join(), `${seconds}`, `${warm_seconds}`, values.settings ?? '{}'],
    cwd: ROOT,
    env: process.env,
    on_line: line => {
      if (!line.startsWith('{"rate"')) return
      take('embedded', JSON.parse(line) as Measured)
      seen++
    },
  })
  while (seen < wanted.length) {
    program.check()
    await sleep(100)
  }
  await program.stop()
}

const measure_cluster = async (against: readonly string[]): Promise<void> => {
  const peers = resolve(values.peers)
  const work = resolve(values.work)
  const others = against.filter(side => side !== 'tributary')
  const there = existsSync(join(peers, 'harness/run.ts'))
  if (there && others.length) {
    make_work_folder(peers, work)
    await set_up(work, others, say)
  } else if (others.length) console.log(`The peers' benchmark is not at ${peers} (--peers DIR): ours only.`)
  const services = await open_services()
  try {
    const sides = there ? against : against.filter(side => side === 'tributary')
    for (let round = 0; round < rounds; round++)
      for (const side of sides) await measure_side(services, work, side)
  } finally {
    await services.stop()
  }
}

const middle = (of: readonly Quantiles[]): Quantiles => {
  const of_all = (name: keyof Quantiles): number => median(of.map(quantiles => quantiles[name]))
  return {
    count: of_all('count'),
    p50: of_all('p50'),
    p99: of_all('p99'),
    p999: of_all('p999'),
    max: of_all('max'),
  }
}

/** Of each side and rate the medians of its runs; what was lost or wrong in any of them. */
const medians = (): Row[] =>
  [...Map.groupBy(runs, ({ side, rate }) => `${side} ${rate}`).values()].map(of => {
    const { side, rate } = of[0] as Row
    const sum = (name: 'missing' | 'wrong'): number => of.reduce((sum, run) => sum + run[name], 0)
    const produced = middle(of.map(run => run.produced))
    return { side, rate, ...middle(of), produced, missing: sum('missing'), wrong: sum('wrong') }
  })

const show = (rows: readonly Row[]): void => {
  console.log(
    '\n| records/s | | decisions | p50 ms | p99 | p99.9 | max | produced p50 | produced p99 | result |',
  )
  console.log('|---|---|---|---|---|---|---|---|---|---|')
  for (const row of rows.toSorted((a, b) => a.rate - b.rate)) {
    const { rate, side, count, p50, p99, p999, max, produced, missing, wrong } = row
    const shown = [p50, p99, p999, max, produced.p50, produced.p99].map(ms => ms.toFixed(1)).join(' | ')
    const result = missing + wrong === 0 ? 'exact' : `${missing} missing, ${wrong} wrong or twice`
    console.log(`| ${rate.toLocaleString('en')} | ${side} | ${count} | ${shown} | ${result} |`)
  }
}

const ratios_of = (rows: readonly Row[]) =>
  rows
    .filter(({ side }) => side === 'tributary')
    .flatMap(ours =>
      rows
        .filter(({ side, rate }) => rate === ours.rate && side !== 'tributary' && side !== 'embedded')
        .map(theirs => ({
          rate: ours.rate,
          against: theirs.side,
          p50: ours.p50 / theirs.p50,
          p99: ours.p99 / theirs.p99,
          p999: ours.p999 / theirs.p999,
          max: ours.max / theirs.max,
        })),
    )

// Pauses of the producer and reader would be taken for those of what it measures.
give_room_for_garbage()
const on = machine()
const cluster = sides.filter(side => side !== 'embedded')
if (cluster.length) await measure_cluster(cluster)
else on_signal(async () => {})
if (sides.includes('embedded')) for (let round = 0; round < rounds; round++) await measure_embedded()
const rows = medians()
console.log(
  `${on}; ${seconds} s at each rate after ${warm_seconds} s that are not counted; medians of ${rounds}`,
)
show(rows)
const ratios = ratios_of(rows)
if (ratios.length)
  console.log('\n| records/s | ours against | p50 | p99 | p99.9 | max |\n|---|---|---|---|---|---|')
for (const { rate, against, ...of } of ratios) {
  const shown = [of.p50, of.p99, of.p999, of.max].map(ratio => `${ratio.toFixed(2)} ×`).join(' | ')
  console.log(`| ${rate.toLocaleString('en')} | ${against} | ${shown} |`)
}
const goals = [
  ...ratios
    .filter(({ rate }) => rate === GOAL_RATE)
    .map(({ against, p99 }) => ({
      goal: `p99 at ${GOAL_RATE}/s at most ${GOAL_RATIO} × ${against}`,
      is: p99,
      met: p99 <= GOAL_RATIO,
    })),
  ...rows
    .filter(({ side, rate }) => side === 'embedded' && rate === GOAL_RATE)
    .map(({ p99 }) => ({
      goal: `embedded p99 at ${GOAL_RATE}/s at most ${GOAL_EMBEDDED_MS} ms`,
      is: p99,
      met: p99 <= GOAL_EMBEDDED_MS,
    })),
]
console.log('')
for (const { goal, is, met } of goals) console.log(`${met ? 'met' : 'NOT MET'}: ${goal}: ${is.toFixed(2)}`)
if (values.json)
  writeFileSync(
    values.json,
    `${JSON.stringify({ machine: on, seconds, rounds, runs, rows, ratios, goals }, null, 2)}\n`,
  )
if (rows.some(({ missing, wrong }) => missing + wrong > 0)) process.exitCode = 1
process.exit()
