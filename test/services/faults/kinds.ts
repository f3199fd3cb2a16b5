/**
 * The kinds of faults: each does its harm at a seeded moment, and is over when what it hit works again: every task is live
 * somewhere and every task of customers has committed since.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../simulation/scheduler.ts'
import type { Counters } from './counters.ts'
import type { Field, Place, Worker } from './field.ts'

export const KINDS = [
  'worker_kills',
  'zombies',
  'broker_restarts',
  'redis_kills',
  'warehouse_kills',
  'scale_cycles',
] as const
export type Kind = (typeof KINDS)[number]

export interface Ground {
  readonly field: Field
  readonly random: Random
  readonly counters: Counters
  /** How many tasks there are in all. */
  readonly tasks: number
}

const LOOK_MS = 60
const RECOVERS_MS = 180_000
/** Everything is read again where Redis was emptied. */
const REBUILDS_MS = 300_000
/** Every fifth Redis comes back without what it had; every second broker ends in order. */
const EMPTIED_EVERY = 5
const IN_ORDER_EVERY = 2
const WORKERS_MAX = 4

type Live = ReadonlyMap<string, Place>

/** Waits until `done` says so of what is live; throws when it takes too long, with what was seen last. */
const until = async (
  { field, counters, tasks }: Ground,
  what: string,
  done: (live: Live) => boolean | Promise<boolean>,
  within_ms = RECOVERS_MS,
): Promise<Live> => {
  for (const deadline = Date.now() + within_ms; ; await sleep(LOOK_MS)) {
    await field.mend()
    const live = await field.live()
    if (live.size === tasks) counters.note_owners(live)
    if (await done(live)) return live
    if (Date.now() < deadline) continue
    const status = JSON.stringify([...(await field.status())]).slice(0, 4000)
    throw new Error(`${what}: not in ${within_ms} ms; ${live.size} of ${tasks} tasks are live: ${status}`)
  }
}

const of_customers = (live: Live) => [...live].filter(([name]) => name.startsWith('customer/'))

/** Resolves when the fault is absorbed: all tasks live, and each of customers has committed more than `before`. */
export const absorbed = async (
  ground: Ground,
  what: string,
  before: Live,
  within_ms?: number,
): Promise<Live> =>
  until(
    ground,
    what,
    live =>
      live.size === ground.tasks &&
      of_customers(live).every(([name, place]) => place.committed > (before.get(name)?.committed ?? -1)),
    within_ms,
  )

/** As many workers as the next fault needs, each with work. */
const with_workers = async (ground: Ground, least: number, most = WORKERS_MAX): Promise<void> => {
  const { field, random } = ground
  if (field.workers.length >= least && field.workers.length <= most) return
  const more = Math.max(0, least - field.workers.length)
  await Promise.all(Array.from({ length: more }, () => field.start_worker()))
  while (field.workers.length > most) await field.end_worker(random.pick(field.workers), 'stop')
  await shared(ground, field.workers.length)
}

/** Resolves when every task is live and every worker that should have one does. */
export const shared = (ground: Ground, workers: number): Promise<Live> =>
  until(
    ground,
    `${workers} workers share the tasks`,
    live =>
      live.size === ground.tasks && new Set([...live.values()].map(({ worker }) => worker)).size === workers,
  )

/** Where everything is, once everything is somewhere. */
const all_live = (ground: Ground): Promise<Live> =>
  until(ground, 'every task is live', live => live.size === ground.tasks)

const with_work = (live: Live, { workers }: Field): Worker[] => {
  const names = new Set(of_customers(live).map(([, { worker }]) => worker))
  return workers.filter(({ name }) => names.has(name))
}

/** One in so many kills hits every worker at once; one in so many is followed by another while the new one joins. */
const ALL_IN = 10
const TWICE_IN = 4

/** A worker dies at any moment of its work; another process takes its place. */
const worker_kill = async (ground: Ground): Promise<void> => {
  const { field, random, counters } = ground
  await with_workers(ground, 2)
  const before = await all_live(ground)
  const all = random.chance(1 / ALL_IN)
  const victims = all ? [...field.workers] : [random.pick(with_work(before, field))]
  if (all) counters.add('all_killed')
  await Promise.all(victims.map(victim => field.end_worker(victim, 'kill')))
  const [newest] = await Promise.all(victims.map(() => field.start_worker()))
  if (newest && random.chance(1 / TWICE_IN)) {
    counters.add('killed_while_joining')
    await field.end_worker(newest, 'kill')
    await field.start_worker()
  }
  await absorbed(ground, 'after a worker was killed', before)
}

/** A worker sleeps until others have done its work for a while, then goes on as if nothing had happened. */
const zombie = async (ground: Ground): Promise<void> => {
  const { field, random, counters } = ground
  await with_workers(ground, 2)
  const before = await all_live(ground)
  const sleeper = random.pick(with_work(before, field))
  field.signal(sleeper, 'SIGSTOP')
  const slept_from = Date.now()
  const sleeps_ms = Math.round(field.session_ms * (1 + 2 * random.next()))
  const taken = await absorbed(ground, 'while a zombie sleeps', before)
  counters.add('taken_over', of_customers(before).filter(([, { worker }]) => worker === sleeper.name).length)
  await sleep(Math.max(0, sleeps_ms - (Date.now() - slept_from)))
  field.signal(sleeper, 'SIGCONT')
  await absorbed(ground, 'after a zombie woke up', taken)
}

const broker_restart = async (ground: Ground, nth: number): Promise<void> => {
  const { field, counters } = ground
  const before = await all_live(ground)
  if (nth % IN_ORDER_EVERY === 0) counters.add('brokers_ended_in_order')
  else await field.broker.kill()
  await field.broker.restart()
  await absorbed(ground, 'after the broker restarted', before)
}

const redis_kill = async (ground: Ground, nth: number): Promise<void> => {
  const { field, random, counters } = ground
  const before = await all_live(ground)
  await field.redis.kill()
  const emptied = nth % EMPTIED_EVERY === EMPTIED_EVERY - 1
  if (emptied) {
    field.empty_redis()
    counters.add('redis_emptied')
  }
  await sleep(random.between(0, 300))
  await field.redis.restart()
  const back = await field.live()
  const what = `after Redis was killed${emptied ? ' and emptied' : ''}`
  await until(
    ground,
    what,
    live =>
      live.size === ground.tasks &&
      of_customers(live).every(([name, { checkpointed, committed }]) => {
        const then = back.get(name) ?? before.get(name)
        return checkpointed > (then?.checkpointed ?? -1) && committed > (then?.committed ?? -1)
      }),
    emptied ? REBUILDS_MS : RECOVERS_MS,
  )
}

/** While rows wait to be inserted: the sinks that were inserting say so in their logs, which are counted in the report. */
const warehouse_kill = async (ground: Ground): Promise<void> => {
  const { field, random } = ground
  await until(ground, 'rows wait for the warehouse', async () =>
    [...(await field.status()).values()].some(({ sink }) =>
      sink.some(({ lag }) => Object.values(lag).some(rows => rows > 0)),
    ),
  )
  await field.crash_warehouse(random.between(0, 300))
  const { inserted_rows } = await field.metrics()
  await until(
    ground,
    'after the warehouse was killed',
    async () => (await field.metrics()).inserted_rows > inserted_rows,
  )
}

/** One worker, four, one again: which one stays is chosen by chance. */
const scale_cycle = async (ground: Ground): Promise<void> => {
  const { field, random } = ground
  await with_workers(ground, 1, 1)
  const alone = await all_live(ground)
  await with_workers(ground, WORKERS_MAX)
  await absorbed(ground, 'after four workers shared the tasks', alone)
  const before = await all_live(ground)
  const stays = random.pick(field.workers)
  const others = field.workers.filter(worker => worker !== stays)
  await Promise.all(others.map(worker => field.end_worker(worker, 'stop')))
  await absorbed(ground, 'after three of four workers left', before)
}

/** Does one fault and waits until it is absorbed; `nth` counts those of its kind from 0. */
export const faults: Readonly<Record<Kind, (ground: Ground, nth: number) => Promise<void>>> = {
  worker_kills: worker_kill,
  zombies: zombie,
  broker_restarts: broker_restart,
  redis_kills: redis_kill,
  warehouse_kills: warehouse_kill,
  scale_cycles: scale_cycle,
}
