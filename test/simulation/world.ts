/**
 * One simulated run: a scenario and faults drawn from a seed, the production code on simulated ports, then
 * healing, and the question whether everything that was sent has become exactly what it should.
 */
import { key_groups, topic_settings } from '../../runtime/app.ts'
import { redriven } from '../../runtime/redrive.ts'
import type { TaskStatus } from '../../runtime/worker-types.ts'
import type { DeadLetter } from '../../schemas/types.ts'
import { create_broker, type Transaction } from './broker.ts'
import { type Cluster, create_cluster, PLENTY_OF_TIMERS, type Shared } from './cluster.ts'
import { committed_rows } from './committed.ts'
import { closing_lease, type Plan, plan_events, type Sent, UNKNOWN_IDS } from './emitter.ts'
import { begin_outage, enable_faults, heal, type Mishap, plan_mishaps } from './faults.ts'
import { create_groups, type GroupFaults } from './groups.ts'
import { check_end, check_stopped } from './invariants.ts'
import { type Counters, count, type Death, no_faults } from './process.ts'
import { create_shared_registry } from './registry.ts'
import { create_scheduler, seeded_random } from './scheduler.ts'
import { simulated_app } from './simulated-app.ts'
import { create_shared_store } from './store.ts'
import { table_shapes } from './tables.ts'
import { Violation } from './violation.ts'
import { create_shared_warehouse } from './warehouse.ts'
import { create_watch, type Watch } from './watch.ts'

export interface Run {
  readonly seed: number
  readonly violation: Violation | null
  readonly hash: number
  readonly events: number
  readonly virtual_ms: number
  readonly counters: ReadonlyMap<string, number>
  readonly profile: string
  readonly mishaps: readonly string[]
  readonly history: readonly string[]
}

/** Noon of some Monday. */
const START_MS = Date.UTC(2026, 0, 5, 12)
const LENGTH_MS = 5000
const HOUR = 3_600_000
/** Virtual time within which a healed system must have come to rest. */
const PATIENCE_MS = 60_000

interface World extends Shared {
  readonly cluster: Cluster
  readonly sent_as: Map<string, Sent>
  readonly watch: Watch
  /** How many there are, owned or not. */
  readonly tasks: number
  violation: Violation | null
  foreign_until_wiped: boolean
  /** Looking whether all is at rest costs time: not after every event. */
  look_again_ms: number
  /** Events and transactions of emitters on their way. */
  sending: number
}

const create_world = (seed: number, { keep = 0, next_death = null }: Options): World => {
  const identity = seeded_random(seed ^ 0x1de47).chance(0.25)
  const series = !identity && seeded_random(seed ^ 0x5e21e5).chance(0.25)
  const app = simulated_app('plain', identity, series)
  const counters: Counters = new Map()
  const scheduler = create_scheduler(seed, START_MS, keep, () => {
    if (world.violation) throw world.violation
  })
  const faults = no_faults()
  const group_faults: GroupFaults = { session_timeout_ms: 300, drain_timeout_ms: 3000, zombie: 0 }
  const broker = create_broker(scheduler, counters, 1200)
  for (const { name, partitions } of topic_settings(app)) broker.create(name, partitions)
  const store = create_shared_store()
  const shared: Shared = {
    app,
    identity,
    series,
    timers_max: scheduler.random.pick([1, 2, 5, PLENTY_OF_TIMERS]),
    hasty: seeded_random(seed ^ 0x5a57e).chance(0.2),
    scheduler,
    counters,
    faults,
    group_faults,
    broker,
    groups: create_groups(scheduler, counters, group_faults),
    store,
    warehouse: create_shared_warehouse(table_shapes(app)),
    registry: create_shared_registry(),
    next_death,
    violate: violation => {
      world.violation ??= violation
    },
  }
  const watch = create_watch(app, broker, shared.violate)
  const world: World = {
    ...shared,
    cluster: create_cluster(shared),
    sent_as: new Map(),
    watch,
    tasks: key_groups(app).reduce((sum, group) => sum + group.partitions, 0),
    violation: null,
    foreign_until_wiped: false,
    look_again_ms: 0,
    sending: 0,
  }
  store.on_save = (task, header) => watch.saved(task, header)
  return world
}

/**
 * Sends the plan, some of it in transactions of emitters: aborted ones leave gaps, open ones hold readers
 * back.
 */
const schedule_sending = (world: World, plan: Plan) => {
  const { scheduler, broker } = world
  const { random } = scheduler
  // An import appends plainly: behind an open transaction nobody can know of older rows to wait for.
  const transactional = random.chance(0.4) && plan.profile === 'live' ? 0.2 : 0
  const append = (sent: Sent, transaction: Transaction | null) => {
    const output = { topic: sent.topic, partition: sent.partition, key: sent.sent_key, value: sent.value }
    const offset = broker.append(output, transaction)
    world.sent_as.set(`${sent.topic}/${sent.partition}/${offset}`, sent)
  }
  for (const sent of plan.sent) {
    world.sending++
    scheduler.after(sent.at_ms - scheduler.now(), `${sent.topic}/${sent.partition} is sent`, () => {
      world.sending--
      if (!random.chance(transactional)) return append(sent, null)
      const transaction = broker.begin('emitter')
      const aborted = random.chance(0.4)
      append(sent, transaction)
      world.sending++
      scheduler.after(random.between(1, 300), 'an emitter ends its transaction', () => {
        world.sending--
        broker.finish(transaction, aborted ? 'aborted' : 'committed')
        if (!aborted) return
        count(world.counters, 'emitter aborted')
        append(sent, null)
      })
    })
  }
}

/** Somebody drives dead letters again, some of them twice. What no pipeline has seen is sent anew, as an emitter would. */
const drive_again = (world: World, plan: Plan) => {
  const { app, broker, counters, scheduler, sent_as } = world
  const { random } = scheduler
  const letters = committed_rows<DeadLetter>(broker, app, 'dead_letters')
  const chance = Math.min(0.6, 20 / letters.length)
  for (const { row } of letters) {
    if (random.chance(row.pipeline === null && plan.profile === 'history' ? 1 : 1 - chance)) continue
    const output = redriven(app, row)
    const sent = plan.sent.find(
      one => row.value !== null && one.value.equals(row.value) && row.topic.startsWith(one.topic),
    )
    if (typeof output === 'string' || !sent || output.key === null) continue
    const { partition, key } = output
    if (!output.redrive && !key.equals(sent.key)) continue
    for (let times = random.chance(0.3) ? 2 : 1; times > 0; times--) {
      const offset = broker.append(output, null)
      const again = { ...sent, partition, sent_key: key, stray: false }
      sent_as.set(`${output.topic}/${partition}/${offset}`, again)
      count(counters, output.redrive ? 'dead letter driven again' : 'dead letter sent again')
    }
  }
}

const befall = (world: World, what: Mishap) => {
  const { cluster, store, groups, counters, scheduler } = world
  const { random } = scheduler
  const happened = () => {
    switch (what) {
      case 'crash':
        return cluster.crash()
      case 'pause':
        return cluster.pause()
      case 'stop':
        return cluster.stop()
      case 'join':
        return cluster.launch()
      case 'shuffle':
        return groups.shuffle()
      case 'foreign':
      case 'swap': {
        const swapped = store[what](random)
        world.foreign_until_wiped ||= swapped
        return swapped
      }
      case 'deploy':
        for (const ms of [1700, 3000])
          scheduler.after(ms, 'somebody looks after the deployment', () => obey_refusals(world))
        return cluster.deploy()
      case 'outage':
        return count(counters, `outage of ${begin_outage(random, world.faults, scheduler.now())}`)
      default:
        return store[what](random)
    }
  }
  if (happened() !== false) count(counters, what)
}

/**
 * Every task has an owner that is live, has read everything and has checkpointed it; the sink has caught up.
 */
const at_rest = (world: World): boolean => {
  const { cluster } = world
  if (world.sending > 0 || !cluster.steady()) return false
  if (world.scheduler.now() < world.look_again_ms) return false
  world.look_again_ms = world.scheduler.now() + 25
  const all = cluster.tasks()
  const worked = new Set(all.filter(({ state }) => state !== 'refused').map(name_of))
  // What one process must not work may be at work in another.
  const tasks = all.filter(task => task.state !== 'refused' || !worked.has(name_of(task)))
  const wanted = world.tasks
  obey_refusals(world)
  if (new Set(tasks.map(name_of)).size < wanted) return false
  const nothing = (lag: Readonly<Record<string, number>>) =>
    Object.values(lag).every(records => records === 0)
  const settled = tasks.every(
    task => task.state === 'live' && nothing(task.lag) && task.committed_seq === task.checkpoint_seq,
  )
  return (
    settled &&
    cluster.sinks().length > 0 &&
    cluster.sinks().every(sink => nothing(sink.lag)) &&
    world.watch.caught_up()
  )
}

const name_of = ({ group, partition }: TaskStatus): string => `${group}.${partition}`

/**
 * The person at the console: resets a checkpoint of another log, or of newer code that is not there any more, when told
 * to and only then.
 */
const obey_refusals = (world: World) => {
  const { cluster, store, counters } = world
  const tasks = cluster.tasks()
  const worked = new Set(tasks.filter(({ state }) => state !== 'refused').map(name_of))
  for (const task of tasks) {
    if (task.state !== 'refused' || worked.has(name_of(task))) continue
    worked.add(name_of(task))
    if (task.error?.includes('newer code wrote its state') && task.error.includes('npm run')) {
      if (cluster.variant === 'bumped') continue
      count(counters, 'older code refused')
      store.checkpoints.delete(`${world.app.name}.${name_of(task)}`)
      cluster.restart(task.group, task.partition)
      continue
    }
    if (!world.foreign_until_wiped || !task.error?.includes('npm run'))
      throw new Violation(
        'a refusal has a cause and names the remedy',
        `${task.group}.${task.partition}: ${task.error}`,
      )
    count(counters, 'foreign refused')
    store.checkpoints.delete(`${world.app.name}.${name_of(task)}`)
  }
}

const come_to_rest = async (world: World, phase: string) => {
  const { scheduler, cluster } = world
  if (await scheduler.run(() => at_rest(world), scheduler.now() + PATIENCE_MS)) return
  const tasks = cluster.tasks().map(task => JSON.stringify(task))
  const sinks = cluster.sinks().map(sink => JSON.stringify(sink))
  throw new Violation('everything comes to rest once healed', [phase, ...tasks, ...sinks].join('\n'))
}

const live_through = async (world: World, plan: Plan, length_ms: number) => {
  const { scheduler, faults, group_faults, cluster } = world
  const steps = async (ms: number) => scheduler.run(() => false, scheduler.now() + ms)
  await steps(length_ms + 300)
  heal(faults, group_faults)
  scheduler.note('all faults are healed')
  if (cluster.tasks().length === 0) cluster.launch()
  await come_to_rest(world, 'after healing')
  if (plan.profile === 'history') {
    const end = { ...plan, sent: [closing_lease(world.app.schemas, world.registry, scheduler.now())] }
    schedule_sending(world, end)
  }
  scheduler.jump(2 * HOUR)
  drive_again(world, plan)
  // A store that was swapped may be noticed only now, and time moves only behind a task that is live.
  await scheduler.run(() => {
    if (scheduler.now() < world.look_again_ms) return false
    world.look_again_ms = scheduler.now() + 25
    obey_refusals(world)
    return false
  }, scheduler.now() + 9000)
  await come_to_rest(world, 'two hours later')
  await stop_all(world)
  // Whatever the store lost meanwhile without anybody noticing comes back from the log.
  cluster.launch()
  await come_to_rest(world, 'started again')
  check_end(world, plan)
  await stop_in_good_order(world)
  check_stopped(world, cluster.variant)
}

/** Whoever dies while stopping leaves work to the next one. */
const stop_in_good_order = async (world: World) => {
  const crashes = () => world.counters.get('crash') ?? 0
  for (let before = -1; before !== crashes(); ) {
    if (before >= 0) {
      world.cluster.launch()
      await come_to_rest(world, 'after a death while stopping')
    }
    before = crashes()
    await stop_all(world)
  }
}

const stop_all = async ({ cluster, scheduler }: World) => {
  cluster.stop_all()
  if (!(await scheduler.run(() => cluster.steady(), scheduler.now() + PATIENCE_MS)))
    throw new Violation('a stop ends', 'a process asked to stop is still running')
}

export interface Options {
  /** Trace lines kept for a report. */
  readonly keep?: number
  /** A short and quiet run, into which deaths are dealt one by one. */
  readonly small?: boolean
  readonly next_death?: (() => Death | null) | null
  /** Given the world of a run that failed, as it stood then. */
  readonly inspect?: (world: Shared & { readonly sent_as: ReadonlyMap<string, Sent> }) => void
}

const SMALL_MS = 900

/** Runs one seed. */
export const simulate = async (seed: number, options: Options = {}): Promise<Run> => {
  const world = create_world(seed, options)
  const { scheduler, faults, group_faults, cluster } = world
  const { random } = scheduler
  const small = options.small ?? false
  const length_ms = small ? SMALL_MS : LENGTH_MS
  const plan = plan_events(random, world, START_MS, length_ms, small ? 8 : null)
  schedule_sending(world, plan)
  if (plan.learns_at_ms !== null)
    scheduler.after(plan.learns_at_ms - START_MS, 'the registry learns', () => {
      for (const [topic, id] of Object.entries(UNKNOWN_IDS))
        world.registry.learned.set(id, world.app.schemas[topic] as object)
    })
  // Who has met an id as unknown takes over from one that came later and could read it.
  if (plan.learns_at_ms !== null && plan.learns_many) {
    scheduler.after(plan.learns_at_ms - START_MS, 'a process comes late', cluster.launch)
    for (const ms of [500, 1000, 1500])
      scheduler.after(plan.learns_at_ms - START_MS + ms, 'the latest process dies', cluster.crash_youngest)
    for (let ms = 600; ms < 2500; ms += 100)
      scheduler.after(plan.learns_at_ms - START_MS + ms, 'somebody looks after the refused', () =>
        obey_refusals(world),
      )
  }
  const quiet = small || random.chance(0.05)
  for (let again = small ? 0 : random.between(0, 3); again > 1; again--)
    scheduler.after(random.between(1000, LENGTH_MS), 'somebody drives dead letters again', () =>
      drive_again(world, plan),
    )
  const mishaps = quiet ? [] : plan_mishaps(random, LENGTH_MS)
  if (!small && !random.chance(0.1)) enable_faults(random, faults, group_faults)
  for (const [at_ms, what] of mishaps) scheduler.after(at_ms, what, () => befall(world, what))
  const processes = small ? 1 : random.between(1, 3)
  for (let i = 0; i < processes; i++)
    scheduler.after(small ? 0 : random.between(0, 400), 'a process is started', cluster.launch)

  let violation: Violation | null = null
  try {
    await live_through(world, plan, length_ms)
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    violation = error
    options.inspect?.(world)
  } finally {
    cluster.dispose()
  }
  return {
    seed,
    violation,
    hash: scheduler.hash,
    events: scheduler.events,
    virtual_ms: scheduler.now() - START_MS,
    counters: world.counters,
    profile: plan.profile,
    mishaps: mishaps.map(([at_ms, what]) => `${what} at ${at_ms}`),
    history: scheduler.history(),
  }
}
