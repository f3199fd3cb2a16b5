/** What an operator is made of, to be asked without a task. */
import { type OperatorFunction, Subject } from 'rxjs'
import { type Keyed, type Turn, wire } from '../../../operators/core/keyed.ts'

export const spec_of = <I, O, S, W, T extends string>(
  operator: OperatorFunction<I, O>,
): Keyed<I, O, S, W, T> => {
  let found: unknown = null
  wire(
    {
      name: 'asked',
      keyed_by: 'customer',
      since: 'now',
      build: () => {
        new Subject<I>().pipe(operator)
      },
    },
    {
      source: () => new Subject(),
      node: spec => {
        found = spec
        return { enter: () => undefined, out: new Subject() }
      },
      output: () => undefined,
      sink: () => undefined,
      fail: () => undefined,
    },
  )
  return found as Keyed<I, O, S, W, T>
}

/** A turn over slots of its own; `looked` counts those that it handed out. */
export const turn_over = <O, W, T extends string>(slots: Map<string, W>) => {
  const turn = {
    looked: 0,
    emitted: [] as O[],
    timers: new Map<T, number | null>(),
    key: 'acme|ada',
    at_ms: 0,
    stream_time_ms: 0,
    cause_id: '',
    may_be_late: true,
    emit: (value: O) => void turn.emitted.push(value),
    late: () => undefined,
    reject: (reason: string): never => {
      throw new Error(reason)
    },
    timer: (name: T, due_ms: number | null) => void turn.timers.set(name, due_ms),
    slot: (id: string) => {
      turn.looked++
      return slots.get(id)
    },
    put: (id: string, value: W | null) => void (value === null ? slots.delete(id) : slots.set(id, value)),
    slots: (prefix = '', most = Number.POSITIVE_INFINITY) => {
      const some = [...slots].filter(([id]) => id.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1))
      const found = some.slice(0, most)
      turn.looked += found.length
      return found
    },
    catalog: () => undefined,
  }
  return turn satisfies Turn<O, W, T>
}
