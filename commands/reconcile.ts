/**
 * `npm run reconcile`: log = ledger = state = view to the cent, per tenant, currency and day; exit 1 at one
 * cent.
 */
import { type App, tributary } from '../runtime/app.ts'
import { open_backlog } from '../runtime/backlog.ts'
import { type Config, help_text, type Option, parse_config, whole } from '../runtime/config.ts'
import { create_logger } from '../runtime/logger.ts'
import type { Log } from '../runtime/ports.ts'
import { left_to_do, open_beside, open_cluster_ports, open_system, start_work } from '../runtime/system.ts'
import type { SinkStatus, TaskStatus } from '../runtime/worker-types.ts'
import { exponents } from '../schemas/currencies.ts'
import { CommandError, read_endpoints, run_command } from './command.ts'
import {
  differing_cells,
  first_difference,
  PLACES,
  type Places,
  type Reading,
  read_places,
  to_follow,
} from './reconcile-sums.ts'

const own = [
  {
    name: 'wait',
    flag: 'wait',
    default: '30',
    value: 'S',
    type: whole(0, 86_400),
    meaning: 'seconds to wait until everything is processed, checkpointed and inserted',
  },
] as const satisfies readonly Option[]

const main = async (): Promise<number> => {
  const { config, own: chosen, help } = parse_config(process.argv.slice(2), process.env, own)
  if (help) {
    process.stdout.write(help_text('npm run reconcile -- [options]', own))
    return 0
  }
  const source = await open_source(config)
  try {
    const deadline = Date.now() + chosen.wait * 1000
    await settle(source, deadline)
    const reading = await read_until_equal(source.places, deadline)
    process.stdout.write(summary(reading))
    const different = differing_cells(reading)
    if (different.length === 0) return 0
    process.stderr.write(`${await told(source.places, reading, different)}\n`)
    return 1
  } finally {
    await source.close()
  }
}

interface Source {
  readonly places: Places
  /** What is still under way; null when nothing is. */
  left(): Promise<string | null>
  /** Everything goes through one process: while something is under way there, a difference says nothing. */
  readonly alone: boolean
  close(): Promise<void>
}

const open_source = async (config: Config): Promise<Source> => {
  const logger = create_logger(config.log_level === 'info' ? 'warn' : config.log_level)
  if (config.cluster) {
    const { close, ...ports } = await open_cluster_ports(config.cluster, logger)
    const places = { app: await app_of(ports.log), ...ports }
    return { places, left: left_in_cluster(places), alone: false, close }
  }
  const endpoints = read_endpoints(config.data_dir)
  if (endpoints) {
    const { close, ...ports } = await open_beside(config, endpoints.clickhouse)
    return {
      places: { app: await app_of(ports.log), ...ports },
      left: () => left_of_server(endpoints.http),
      alone: true,
      close,
    }
  }
  const system = await open_system(config, logger)
  const work = start_work(system)
  return {
    places: system,
    left: async () => left_to_do(system, work),
    alone: true,
    close: async () => {
      await work.stop()
      await system.close()
    },
  }
}

/** With as many partitions as the log has, whatever the options of this command say. */
const app_of = async (log: Log): Promise<App> => {
  const partitions = await log.partitions('payments')
  if (partitions === undefined) throw new CommandError('there is no topic payments yet: nothing to compare')
  return tributary(partitions)
}

const left_of_server = async (http: string): Promise<string | null> => {
  const response = await fetch(`${http}/readyz`).catch(() => null)
  if (!response) return `the server at ${http} does not answer`
  const state = (await response.json()) as { tasks: TaskStatus[]; sink: SinkStatus[]; tasks_expected: number }
  const running = <S>(statuses: S[]) => ({ status: () => statuses, stop: async () => {} })
  return left_to_do(state, { worker: running(state.tasks), sink: running(state.sink) })
}

/** What stands in the log now is waited for, not what arrives meanwhile: a cluster is never still. */
const left_in_cluster = (places: Places): (() => Promise<string | null>) => {
  const backlog = open_backlog(places, ['payments'])
  let followers: ReturnType<typeof to_follow> | null = null
  return async () => {
    const left = await backlog.left()
    if (left > 0) return `${left} records are to be processed`
    followers ??= to_follow(places)
    return (await followers)()
  }
}

const LOOKS = 3
const LOOK_EVERY_MS = 150
const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/**
 * Several looks in a row, since lag is as of the newest fetch. When the wait is over: throws where one process
 * does everything, else says what is left and lets the comparison find what is missing.
 */
const settle = async (source: Source, deadline: number): Promise<void> => {
  for (let looks = 0; looks < LOOKS; ) {
    const left = await source.left()
    looks = left === null ? looks + 1 : 0
    if (left !== null && Date.now() > deadline) {
      if (source.alone)
        throw new CommandError(`cannot compare yet: ${left}; wait longer with --wait, or see /readyz`)
      process.stderr.write(`comparing although ${left}\n`)
      return
    }
    await sleep(LOOK_EVERY_MS)
  }
}

/**
 * Events may arrive while four places are read one after the other: only what stays different is a
 * difference.
 */
const read_until_equal = async (places: Places, deadline: number): Promise<Reading> => {
  for (let pause_ms = 1000; ; pause_ms *= 2) {
    const reading = await read_places(places)
    const remaining_ms = deadline - Date.now()
    if (differing_cells(reading).length === 0 || remaining_ms < 0) return reading
    await sleep(Math.min(pause_ms, remaining_ms + 1))
  }
}

const told = async (
  places: Places,
  { sums, counts }: Reading,
  different: readonly string[],
): Promise<string> => {
  const cell = different[0]!
  const [tenant, currency, day] = cell.split('|') as [string, string, string]
  const by_place = PLACES.map(place => `${place} ${money(sums[place].get(cell) ?? 0, currency)}`).join(', ')
  const rows = `log ${counts.log.get(cell) ?? 0}, ledger ${counts.ledger.get(cell) ?? 0} rows`
  return [
    `${different.length} differences; the first: tenant ${tenant}, ${currency}, ${day}: ` +
      `${by_place} (${rows})`,
    await first_difference(places, cell),
  ].join('\n')
}

/** Minor units as a decimal amount, exactly. */
export const money = (minor: number, currency: string): string => {
  const exponent = exponents.get(currency) ?? 2
  const digits = String(Math.abs(minor)).padStart(exponent + 1, '0')
  const cut = digits.length - exponent
  return `${minor < 0 ? '-' : ''}${digits.slice(0, cut)}${exponent ? `.${digits.slice(cut)}` : ''}`
}

const summary = (reading: Reading): string => {
  const groups = new Map<string, { days: Set<string>; sums: number[]; events: number }>()
  for (const [i, place] of PLACES.entries())
    for (const [cell, sum] of reading.sums[place]) {
      const [tenant, currency, day] = cell.split('|') as [string, string, string]
      const name = `${tenant}|${currency}`
      const group = groups.get(name) ?? { days: new Set(), sums: PLACES.map(() => 0), events: 0 }
      groups.set(name, group)
      group.days.add(day)
      group.sums[i]! += sum
      if (place === 'log') group.events += reading.counts.log.get(cell) ?? 0
    }
  const rows = [...groups].sort().map(([name, { days, sums, events }]) => {
    const [tenant, currency] = name.split('|') as [string, string]
    return [tenant, currency, String(days.size), String(events), ...sums.map(sum => money(sum, currency))]
  })
  const equal = differing_cells(reading).length === 0
  const verdict = equal ? 'log = ledger = state = view, to the cent' : 'NOT EQUAL'
  return `${table(['tenant', 'currency', 'days', 'events', ...PLACES], rows)}${verdict}\n`
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map(row => row[i]!.length)))
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')
  return `${[head, ...rows].map(line).join('\n')}\n`
}

await run_command(main)
process.exit()
