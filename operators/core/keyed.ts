/**
 * Stateful operators. `keyed` turns a description (state, step, timers) into a real RxJS operator; the runtime, the test
 * driver and the simulator each provide the Graph that it is attached to while a pipeline is being built.
 */
import { map, merge, type Observable, type OperatorFunction } from 'rxjs'
import type { Catalog } from '../../schemas/catalog-kinds.ts'
import type { Topics } from '../../schemas/types.ts'

/** The record or timer being processed. Valid inside one synchronous call only: it is reused. */
export interface Turn<O, W = never, T extends string = never> {
  readonly key: string
  /** Event time of the record, due time of the timer. */
  readonly at_ms: number
  readonly stream_time_ms: number
  /** event_id of the record, or of the one that set the timer. */
  readonly cause_id: string
  /** False for records written by our own tasks: they are never late. */
  readonly may_be_late: boolean
  /** Handed on after `step` has returned and its state is journalled. */
  emit(value: O): void
  /** This pipeline's outcome for the record becomes at least `late`. */
  late(reason: string): void
  /** Undoes what this pipeline did with the record and dead-letters it; other pipelines go on. */
  reject(reason: string): never
  /** One timer per (key, operator, name); null cancels. */
  timer(name: T, due_ms: number | null): void
  /** Sub-keyed state (a window, a path): its own stored field, so that a write costs its own size. */
  slot(id: string): W | undefined
  put(id: string, value: W | null): void
  /** Sorted by id; those whose id begins with the prefix, or the first `most` of them. */
  slots(prefix?: string, most?: number): readonly (readonly [id: string, value: W])[]
  /** As of at_ms and the batch's catalog offset. */
  catalog<K extends keyof Catalog>(kind: K, id: string): Catalog[K] | undefined
}

export interface StateType<S> {
  /** Schema name in schemas/, e.g. `state/journey_session`. */
  readonly schema: string
  init(): S
  /** Schemas of earlier versions still stored, by operator version; resolved by Avro's rules, then upgraded. */
  readonly earlier?: Readonly<Record<number, string>>
  upgrade?(from_version: number, earlier: unknown): S
}

export interface Keyed<I, O, S, W = never, T extends string = never> {
  readonly name: string
  readonly version: number
  readonly state: StateType<S>
  readonly slot?: StateType<W>
  /** Each timer's clock: `stream` waits for the input's time, `wall` for the recorded clock of a batch. */
  readonly timers?: Readonly<Record<T, 'stream' | 'wall'>>
  /** A key whose state has not changed for so long (stream time) is dropped. */
  readonly idle_ms: number
  /** Stays when a person is erased: money, by the key its emitter chose. */
  readonly kept_on_erasure?: true
  /** Pure. The same reference back means unchanged; never mutates. */
  step(state: S, input: I, turn: Turn<O, W, T>): S
  on_timer?(state: S, name: T, turn: Turn<O, W, T>): S
}

/** What operators are attached to; one per (task, pipeline). */
export interface Graph {
  source(topic: string, fields: readonly string[]): Observable<unknown>
  node<I, O, S, W, T extends string>(
    spec: Keyed<I, O, S, W, T>,
    as: string,
  ): { enter(input: I): void; readonly out: Observable<O> }
  /** Announces, while wiring, that sink() will be called for the topic. */
  output(topic: string): void
  sink(topic: string, value: unknown): void
  /** The first failure wins: undo, dead letter for this pipeline, build anew. */
  fail(error: unknown): void
}

let building: Graph | null = null
const here = (): Graph => {
  if (!building) throw new Error('operators are applied inside build() only')
  return building
}

/** Subscribes once, when applied: the order of build() is the order of effects, and two consumers never run `step` twice. */
export const keyed =
  <I, O, S, W = never, T extends string = never>(
    spec: Keyed<I, O, S, W, T>,
    as: string = spec.name,
  ): OperatorFunction<I, O> =>
  source => {
    const graph = here()
    const node = graph.node(spec, as)
    source.subscribe({ next: input => node.enter(input), error: error => graph.fail(error) })
    return node.out
  }

export type Tagged<M> = {
  [K in keyof M]: { readonly from: K; readonly value: M[K] extends Observable<infer V> ? V : never }
}[keyof M]

/** Several streams of one key into one operator, told apart by `from`. */
export const tagged = <M extends Record<string, Observable<unknown>>>(streams: M): Observable<Tagged<M>> =>
  merge(
    ...Object.entries(streams).map(([from, stream]) => stream.pipe(map(value => ({ from, value })))),
  ) as Observable<Tagged<M>>

type Always = 'event_id' | 'tenant_id' | 'occurred_at'
export type Row<K extends keyof Topics, F extends keyof Topics[K]> = Readonly<
  Pick<Topics[K], F | (Always & keyof Topics[K])>
>

export interface Wiring {
  /** The field list is the projection and the type: nothing else of the record is decoded. */
  from<K extends keyof Topics, F extends keyof Topics[K] = never>(
    topic: K,
    ...fields: F[]
  ): Observable<Row<K, F>>
  to<K extends keyof Topics>(topic: K, stream: Observable<Topics[K]>): void
}

export interface Pipeline {
  readonly name: string
  readonly keyed_by: string
  /** beginning: over everything the log holds. now: from the batch at which it joins. */
  readonly since: 'beginning' | 'now'
  build(wiring: Wiring): void
}
export const pipeline = (definition: Pipeline): Pipeline => definition

/** The only caller of build(). */
export const wire = (definition: Pipeline, graph: Graph): void => {
  const outer = building
  building = graph
  try {
    definition.build({
      from: (topic, ...fields) => graph.source(topic, fields as string[]) as never,
      to: (topic, stream) => {
        graph.output(topic)
        stream.subscribe({ next: value => graph.sink(topic, value), error: error => graph.fail(error) })
      },
    })
  } finally {
    building = outer
  }
}
