/**
 * What a running process counts, for Prometheus. Counters come through the Observer; gauges are read from the
 * statuses of tasks and sink when somebody scrapes.
 */
import {
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValueWithName,
  Registry,
} from 'prom-client'
import type { Observer, Running, SinkStatus, TaskState, TaskStatus } from './worker-types.ts'

export interface Metrics {
  readonly observe: Observer
  /** Seconds an HTTP request took, by route pattern and status code. */
  request(method: string, route: string, status: number, seconds: number): void
  /** Whether what the process stands on answered when it was last asked. */
  dependency(name: string, up: boolean): void
  /** Reads gauges from these from now on. */
  watch(worker: Running<TaskStatus> | null, sink: Running<SinkStatus> | null, now: () => number): void
  /** Prometheus text format. */
  text(): Promise<string>
  /** The same as data, for the process that serves it. */
  values(): Promise<MetricValues>
  readonly content_type: string
}

export type MetricValues = readonly Omit<MetricObjectWithValues<MetricValueWithName<string>>, 'collect'>[]

/**
 * One text of this process's metrics and those of its workers, by number. Each worker's series carry the label
 * `worker`: they end with it and begin at 0 with the next, where a sum over workers would fall when one dies.
 */
export const merged_text = (
  own: MetricValues,
  workers: ReadonlyMap<number, MetricValues>,
): Promise<string> => {
  const kept = (metric: MetricValues[number], labels: Record<string, string>) => ({
    ...metric,
    aggregator: 'first',
    values: metric.values.map(value => ({ ...value, labels: { ...value.labels, ...labels } })),
  })
  const lists = [
    own.map(metric => kept(metric, {})),
    ...[...workers].map(([worker, values]) => values.map(metric => kept(metric, { worker: String(worker) }))),
  ]
  return AggregatorRegistry.aggregate(lists).metrics()
}

const STATES: readonly TaskState[] = ['acquiring', 'recovering', 'live', 'blocked', 'refused']

/** `process_metrics` adds memory, CPU and event loop of the process. */
export const create_metrics = (process_metrics = false): Metrics => {
  const registry = new Registry()
  if (process_metrics)
    collectDefaultMetrics({
      register: registry,
      prefix: 'tributary_',
      // The default of 10 ms wakes a process a hundred times a second, most of what an idle one costs.
      eventLoopMonitoringPrecision: 200,
    })
  const gauges = create_gauges(registry)
  const requests = new Histogram({
    name: 'tributary_http_request_seconds',
    help: 'HTTP requests by route and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
    registers: [registry],
  })
  const dependencies = new Gauge({
    name: 'tributary_dependency_up',
    help: '1 while log, registry, store and warehouse answer, else 0.',
    labelNames: ['dependency'] as const,
    registers: [registry],
  })
  let watched: () => void = () => {}
  return {
    observe: create_observer(registry),
    request: (method, route, status, seconds) => requests.observe({ method, route, status }, seconds),
    dependency: (dependency, up) => dependencies.set({ dependency }, up ? 1 : 0),
    watch(worker, sink, now) {
      watched = () => gauges(worker?.status() ?? [], sink?.status() ?? [], now())
    },
    text() {
      watched()
      return registry.metrics()
    },
    values() {
      watched()
      return registry.getMetricsAsJSON()
    },
    content_type: registry.contentType,
  }
}

const create_observer = (registry: Registry): Observer => {
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name: `tributary_${name}`, help, labelNames: [...labelNames], registers: [registry] })
  const outcomes = counter('records_total', 'Input records by outcome; their sum is the records read.', [
    'topic',
    'outcome',
  ])
  const dead = counter('dead_letters_total', 'Dead letters by reason.', ['topic', 'reason'])
  const late = counter('late_total', 'Late records by operator.', ['operator', 'reason'])
  const stage_ns = counter('stage_ns_total', 'Nanoseconds spent in a stage; divide by stage records.', [
    'stage',
  ])
  const stage_records = counter('stage_records_total', 'Records that went through a stage.', ['stage'])
  const recoveries = counter('recoveries_total', 'Recoveries of tasks by kind.', ['group', 'kind'])
  const replayed = counter('replayed_records_total', 'Records read again by recoveries.', ['group', 'kind'])
  const rows = counter('sink_rows_total', 'Rows inserted into the warehouse.', ['table'])
  const sink_errors = counter('sink_errors_total', 'Inserts that failed, by the code of their error.', [
    'code',
  ])
  const delay = new Gauge({
    name: 'tributary_sink_delay_seconds',
    help: 'Age of the oldest row of the newest insert.',
    labelNames: ['table'] as const,
    registers: [registry],
  })
  return {
    outcome: (topic, outcome, records) => outcomes.inc({ topic, outcome }, records),
    dead_letter: (topic, reason) => dead.inc({ topic, reason }),
    late: (operator, reason) => late.inc({ operator, reason }),
    stage(stage, ns, records) {
      stage_ns.inc({ stage }, ns)
      stage_records.inc({ stage }, records)
    },
    recovery(group, kind, records) {
      recoveries.inc({ group, kind })
      replayed.inc({ group, kind }, records)
    },
    inserted(table, count, oldest_age_ms) {
      rows.inc({ table }, count)
      delay.set({ table }, oldest_age_ms / 1000)
    },
    sink_error: code => sink_errors.inc({ code }),
  }
}

const create_gauges = (registry: Registry) => {
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge<L>({ name: `tributary_${name}`, help, labelNames: [...labelNames], registers: [registry] })
  const lag = gauge('lag_records', 'Records not read yet.', ['group', 'topic'])
  const sink_lag = gauge('sink_lag_records', 'Records not inserted yet.', ['topic'])
  const waiting_s = gauge(
    'sink_waiting_seconds',
    'Age of the oldest row that is not in the warehouse; else 0.',
    [],
  )
  const standing_s = gauge('sink_standstill_seconds', 'Since inserts began to fail, by code; else none.', [
    'code',
  ])
  const states = gauge('tasks', 'Tasks of this process by state.', ['group', 'state'])
  const behind = gauge('checkpoint_lag_batches', 'Batches committed and not checkpointed, K − R.', [
    'group',
    'partition',
  ])
  const age = gauge(
    'checkpoint_age_seconds',
    'Since the newest checkpoint, where batches wait for one; else 0.',
    ['group', 'partition'],
  )
  const aside = gauge(
    'quarantined',
    'Partitions in which a pipeline is set aside: its code failed too often.',
    ['group', 'pipeline'],
  )
  const time = gauge('stream_time_seconds', 'Newest event time a task has seen.', ['group', 'partition'])
  return (tasks: readonly TaskStatus[], sinks: readonly SinkStatus[], now: number): void => {
    // Partitions move between processes: what is held no longer must not be reported on.
    for (const each of [lag, sink_lag, standing_s, states, behind, age, aside, time]) each.reset()
    for (const group of new Set(tasks.map(task => task.group)))
      for (const state of STATES) states.set({ group, state }, 0)
    for (const task of tasks) {
      const { group } = task
      const labels = { group, partition: String(task.partition) }
      states.inc({ group, state: task.state })
      for (const [topic, records] of Object.entries(task.lag)) lag.inc({ group, topic }, records)
      for (const pipeline of task.quarantined) aside.inc({ group, pipeline })
      const waiting = task.committed_seq - task.checkpoint_seq
      behind.set(labels, waiting)
      if (task.checkpoint_at !== null) age.set(labels, waiting > 0 ? (now - task.checkpoint_at) / 1000 : 0)
      if (task.stream_time_ms !== null) time.set(labels, task.stream_time_ms / 1000)
    }
    for (const sink of sinks)
      for (const [topic, records] of Object.entries(sink.lag)) sink_lag.inc({ topic }, records)
    waiting_s.set(Math.max(0, ...sinks.map(sink => sink.waiting_ms ?? 0)) / 1000)
    for (const { standstill } of sinks)
      if (standstill) standing_s.set({ code: standstill.code }, (now - standstill.since) / 1000)
  }
}
