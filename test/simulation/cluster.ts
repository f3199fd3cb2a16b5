/**
 * The processes of one run: starting them with the production worker and sink on simulated ports, and
 * everything that can befall them. Also the operator at the console, who does what a refusal asks for.
 */
import type { Logger } from 'pino'
import type { App } from '../../runtime/app.ts'
import { start_sink } from '../../runtime/sink.ts'
import { start_worker } from '../../runtime/worker.ts'
import type { Observer, Running, SinkStatus, TaskStatus } from '../../runtime/worker-types.ts'
import type { Broker } from './broker.ts'
import type { GroupFaults, Groups } from './groups.ts'
import { create_log } from './log.ts'
import {
  type Counters,
  count,
  type Death,
  type Faults,
  type Process,
  type Reaper,
  start_process,
} from './process.ts'
import { create_registry, type SharedRegistry } from './registry.ts'
import type { Scheduler } from './scheduler.ts'
import { simulated_app, simulated_settings, VARIANTS, type Variant } from './simulated-app.ts'
import { create_store, type SharedStore } from './store.ts'
import { MISTAKE, Violation } from './violation.ts'
import { create_warehouse, type SharedWarehouse } from './warehouse.ts'

export interface Shared {
  /** Topics and schemas, which all variants share. */
  readonly app: App
  /** With pipelines that read under another key what they write. */
  readonly identity: boolean
  /** With a group that reads what batches have added up. */
  readonly series: boolean
  /** Small: batches end in mid-advance. */
  readonly timers_max: number
  /** Every batch has used up its time at once: it ends with its first timer, or after a few records. */
  readonly hasty: boolean
  readonly scheduler: Scheduler
  readonly counters: Counters
  readonly faults: Faults
  readonly group_faults: GroupFaults
  readonly broker: Broker
  readonly groups: Groups
  readonly store: SharedStore
  readonly warehouse: SharedWarehouse
  readonly registry: SharedRegistry
  /** Asked at every call of a port: whether the caller dies in it. */
  readonly next_death: (() => Death | null) | null
  /** Ends the run at the next event. */
  violate(violation: Violation): void
}

interface Machine {
  readonly process: Process
  readonly worker: Running<TaskStatus>
  readonly sink: Running<SinkStatus>
  stopping: boolean
  stopped: boolean
}

export interface Cluster {
  launch(): void
  crash(): void
  /** The process that was started last. */
  crash_youngest(): void
  pause(): void
  stop(): void
  /** Another variant from now on: what runs is replaced, one process after the other. */
  deploy(): void
  /** Replaces those that refuse the task: what they refused is gone. */
  restart(group: string, partition: number): void
  /** What a process started now runs. */
  readonly variant: Variant
  /** Asks every process to stop, and starts no other. */
  stop_all(): void
  /** Tasks and sinks of living processes. */
  tasks(): readonly TaskStatus[]
  sinks(): readonly SinkStatus[]
  /** No process is on its way out. */
  steady(): boolean
  /** Once the run is over: nothing of it stays behind. */
  dispose(): void
}

const observer = (counters: Counters): Observer => ({
  outcome: (_topic, outcome, records) => count(counters, `outcome ${outcome}`, records),
  dead_letter: (_topic, reason) => count(counters, `dead letter ${reason}`),
  late: (_operator, reason) => count(counters, `late ${reason}`),
  stage() {},
  recovery: (_group, kind, records) => {
    count(counters, `recovery ${kind}`)
    if (records) count(counters, 'records replayed', records)
  },
  inserted: (_table, rows) => count(counters, 'rows inserted', rows),
  sink_error() {},
})

const mistakes = [TypeError, ReferenceError, SyntaxError]

/** Writes what the code under test logs into the trace. */
const tracing_logger = (name: string, { scheduler, violate }: Shared): Logger => {
  const write = (fields: unknown, message?: string) => {
    const { err, ...rest } = (typeof fields === 'object' ? fields : { fields }) as { err?: Error }
    if (mistakes.some(mistake => err instanceof mistake)) violate(new Violation(MISTAKE, String(err?.stack)))
    scheduler.note(`${name} says: ${message ?? ''} ${JSON.stringify(rest)} ${err?.message ?? ''}`)
  }
  const logger = {
    trace() {},
    debug() {},
    info: write,
    warn: write,
    error: write,
    fatal: write,
    child: () => logger,
  }
  return logger as unknown as Logger
}

/** So many are never due at once. */
export const PLENTY_OF_TIMERS = 1000

/**
 * Of a batch that ended at its bound of timers the log does not say whose timers they were, so only code with
 * the same timers comes to the same place.
 */
const may_be_bounded = (variant: Variant) => variant !== 'tallied'

export const create_cluster = (shared: Shared): Cluster => {
  const { scheduler, counters, faults, broker, groups } = shared
  const { random } = scheduler
  const machines: Machine[] = []
  const reaper: Reaper | null = shared.next_death && {
    next: shared.next_death,
    killed: process => {
      const machine = machines.find(one => one.process === process)
      if (machine) crash(machine)
    },
  }
  let names = 0
  let variant: Variant = 'plain'

  const launch = () => {
    const name = `w${++names}`
    const process = start_process(name, scheduler, faults, counters, reaper)
    const deps = {
      app: simulated_app(variant, shared.identity, shared.series),
      log: create_log(scheduler, broker, groups, process),
      registry: create_registry(shared.registry, process),
      store: create_store(shared.store, process),
      warehouse: create_warehouse(shared.warehouse, process, random, counters, () =>
        random.chance(faults.warehouse.lost_reply / 2),
      ),
      clock: process.clock,
      settings: {
        ...simulated_settings,
        timers_max: shared.timers_max,
        ...(shared.hasty ? { batch_compute_ms: -1 } : {}),
      },
      observe: observer(counters),
      logger: tracing_logger(name, shared),
    }
    const worker = start_worker(deps)
    worker.failed.catch(error =>
      shared.violate(new Violation('a worker does not fail', String(error?.stack ?? error))),
    )
    const sink = start_sink(deps)
    machines.push({ process, worker, sink, stopping: false, stopped: false })
    count(counters, 'process started')
  }
  const living = () => machines.filter(machine => machine.process.alive && !machine.stopping)
  const some = () => {
    const alive = living()
    return alive.length ? random.pick(alive) : null
  }
  const replace = (ms: number) => {
    scheduler.after(ms, 'a process is started', () => {
      if (living().length < 3) launch()
    })
  }
  const stop = (machine: Machine) => {
    machine.stopping = true
    scheduler.note(`${machine.process.name} is asked to stop`)
    Promise.all([machine.worker.stop(), machine.sink.stop()]).then(
      () => {
        machine.stopped = true
      },
      error => shared.violate(new Violation('a stop does not fail', String(error))),
    )
  }
  const crash = (machine: Machine) => {
    machine.process.crash()
    count(counters, 'crash')
    scheduler.note(`${machine.process.name} crashes`)
    const silence = random.between(10, shared.group_faults.session_timeout_ms)
    scheduler.after(silence, `${machine.process.name} is missed`, () => groups.missed(machine.process))
    replace(random.between(10, 800))
  }
  return {
    launch,
    crash() {
      const machine = some()
      if (machine) crash(machine)
    },
    crash_youngest() {
      const machine = living().at(-1)
      if (machine) crash(machine)
    },
    pause() {
      const machine = some()
      if (!machine) return
      const ms = random.between(30, 1500)
      machine.process.pause(ms)
      count(counters, 'pause')
      scheduler.note(`${machine.process.name} pauses for ${ms} ms`)
      if (ms > shared.group_faults.session_timeout_ms)
        scheduler.after(shared.group_faults.session_timeout_ms, `${machine.process.name} is missed`, () => {
          groups.missed(machine.process)
          machine.process.later(0, `${machine.process.name} is back`, () => groups.returned(machine.process))
        })
    },
    stop() {
      const machine = some()
      if (!machine) return
      count(counters, 'graceful stop')
      stop(machine)
      replace(random.between(10, 500))
    },
    deploy() {
      const others = VARIANTS.filter(other => other !== variant)
      const bounded = shared.hasty || shared.timers_max < PLENTY_OF_TIMERS
      variant = random.pick(bounded ? others.filter(may_be_bounded) : others)
      scheduler.note(`${variant} is deployed`)
      count(counters, `deployed ${variant}`)
      for (const machine of living())
        scheduler.after(random.between(0, 1200), `${machine.process.name} is replaced`, () => {
          if (!machine.process.alive || machine.stopping) return
          if (random.chance(0.5)) return crash(machine)
          stop(machine)
          replace(random.between(10, 500))
        })
    },
    restart(group, partition) {
      for (const machine of living())
        if (machine.worker.status().some(task => task.group === group && task.partition === partition)) {
          stop(machine)
          replace(random.between(10, 500))
        }
    },
    get variant() {
      return variant
    },
    stop_all() {
      for (const machine of living()) stop(machine)
    },
    tasks: () => living().flatMap(machine => machine.worker.status()),
    sinks: () => living().flatMap(machine => machine.sink.status()),
    dispose() {
      for (const { process, worker, sink } of machines) {
        process.crash()
        // The dead never answer, so neither ends; their signals are aborted all the same.
        void worker.stop()
        void sink.stop()
      }
      groups.dispose()
    },
    steady: () => machines.every(({ process, stopping, stopped }) => !process.alive || !stopping || stopped),
  }
}
