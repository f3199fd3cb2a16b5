/**
 * The peers' two workloads as Tributary pipelines on the public API: their schema, topic row and JSON encoder. W1: per
 * customer {count, spend, last channel, last seen}; every tenth touch of a customer writes a decision. W2: tumbling windows of a
 * minute per (tenant, channel), one final row each when stream time is so far behind its end as GRACE_MS says; touches are added
 * up per batch where they are read, and the sums go to the task of their window.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { map, type Observable } from 'rxjs'
import { keyed, type Pipeline } from '../../operators/core/keyed.ts'
import { earliest, sortable_ms, sorted_ms, window_start } from '../../operators/core/windows.ts'
import type { App } from '../../runtime/app.ts'
import { definitions } from '../../schemas/definitions.ts'
import { type TopicSpec, topics } from '../../schemas/topics.ts'

export const PARTITIONS = 4
export const SCHEMA = JSON.parse(readFileSync(join(import.meta.dirname, 'touchpoint.avsc'), 'utf8')) as object
const WINDOW_MS = 60_000

export type Workload = 'w1' | 'w2'

interface Touch {
  readonly tenantId: string
  readonly customerId: string
  readonly occurredAt: number
  readonly channel: string
  readonly cost: number
}

// The bench's topics are not in the generated row types, so its wiring is typed here.
interface BenchWiring {
  from<R>(topic: string, ...fields: (keyof R)[]): Observable<R>
  to<R>(topic: string, stream: Observable<R>): void
}
const build =
  (wire: (wiring: BenchWiring) => void): Pipeline['build'] =>
  wiring =>
    wire(wiring as never)

interface CustomerState {
  readonly count: number
  readonly spend_minor: number
  readonly last_channel: string
  readonly last_seen_ms: number
}
interface Decision {
  readonly customerId: string
  readonly count: number
  readonly spendCents: number
}

const CUSTOMER_STATE = {
  type: 'record',
  name: 'CustomerState',
  fields: [
    { name: 'count', type: 'long' },
    { name: 'spend_minor', type: 'long' },
    { name: 'last_channel', type: 'string' },
    { name: 'last_seen_ms', type: 'long' },
  ],
}

const decide = () =>
  keyed<Touch, Decision, CustomerState>({
    name: 'decide',
    version: 1,
    state: {
      schema: 'state/customer',
      init: () => ({ count: 0, spend_minor: 0, last_channel: '', last_seen_ms: 0 }),
    },
    idle_ms: Number.POSITIVE_INFINITY,
    step: (state, touch, turn) => {
      const count = state.count + 1
      const spend_minor = state.spend_minor + Math.round(touch.cost * 100)
      if (count % 10 === 0) turn.emit({ customerId: touch.customerId, count, spendCents: spend_minor })
      const last_seen_ms = Math.max(touch.occurredAt, state.last_seen_ms)
      return { count, spend_minor, last_channel: touch.channel, last_seen_ms }
    },
  })

/** A batch's touches of one window, added up. */
interface Sum {
  readonly tenant_id: string
  readonly metric: string
  readonly currency: string
  readonly dimension: string
  readonly occurred_at: number
  readonly count: number
  readonly sum_cents: number
}
interface WindowSum {
  readonly count: number
  readonly sum_cents: number
}
interface Final {
  readonly tenantId: string
  readonly channel: string
  readonly windowStart: number
  readonly count: number
  readonly sumCents: number
}

const SUM = {
  type: 'record',
  name: 'Sum',
  fields: [
    { name: 'tenant_id', type: 'string' },
    { name: 'metric', type: 'string' },
    { name: 'currency', type: 'string' },
    { name: 'dimension', type: 'string' },
    { name: 'occurred_at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'count', type: 'long' },
    { name: 'sum_cents', type: 'long' },
  ],
}
const WINDOWS_STATE = { type: 'record', name: 'Windows', fields: [{ name: 'final_to_ms', type: 'long' }] }
const WINDOW_SUM = {
  type: 'record',
  name: 'WindowSum',
  fields: [
    { name: 'count', type: 'long' },
    { name: 'sum_cents', type: 'long' },
  ],
}

const close_windows = (grace_ms: number) =>
  keyed<Sum, Final, { readonly final_to_ms: number }, WindowSum, 'close'>({
    name: 'close-windows',
    version: 1,
    state: { schema: 'state/windows', init: () => ({ final_to_ms: 0 }) },
    slot: { schema: 'state/window-sum', init: () => ({ count: 0, sum_cents: 0 }) },
    timers: { close: 'stream' },
    idle_ms: Number.POSITIVE_INFINITY,
    step: (state, { occurred_at, count, sum_cents }, turn) => {
      if (occurred_at < state.final_to_ms) {
        turn.late('after its window')
        return state
      }
      const id = sortable_ms(occurred_at)
      const sum = turn.slot(id) ?? { count: 0, sum_cents: 0 }
      turn.put(id, { count: sum.count + count, sum_cents: sum.sum_cents + sum_cents })
      const [first] = turn.slots('', 1)
      turn.timer('close', sorted_ms(first?.[0] ?? id, '') + WINDOW_MS + grace_ms)
      return state
    },
    on_timer: (state, _name, turn) => {
      const [tenantId = '', , , channel = ''] = turn.key.split('|')
      const final_to_ms = turn.at_ms - grace_ms
      const open: number[] = []
      for (const [id, { count, sum_cents }] of turn.slots()) {
        const windowStart = sorted_ms(id, '')
        if (windowStart + WINDOW_MS > final_to_ms) {
          open.push(windowStart + WINDOW_MS + grace_ms)
          continue
        }
        turn.put(id, null)
        turn.emit({ tenantId, channel, windowStart, count, sumCents: sum_cents })
      }
      turn.timer('close', earliest(open))
      return { final_to_ms: Math.max(final_to_ms, state.final_to_ms) }
    },
  })

const input = {
  schema: 'touchpoint',
  role: 'input',
  keyed_by: 'customer',
  dedupe: 'none',
  partitioner: 'trusted',
  event_id: 'eventId',
  occurred_at: 'occurredAt',
} as const satisfies TopicSpec

const json_output = (keyed_by: TopicSpec['keyed_by'], key: (row: never) => string): TopicSpec => ({
  schema: '',
  role: 'output',
  keyed_by,
  dedupe: 'none',
  partitioner: 'trusted',
  encode: (row: never) => ({ key: key(row), value: Buffer.from(JSON.stringify(row)) }),
})

const w1 = (in_topic: string, out_topic: string): Pick<App, 'topics' | 'pipelines'> => ({
  topics: {
    [in_topic]: input,
    [out_topic]: json_output('customer', (row: Decision) => row.customerId),
  },
  pipelines: [
    {
      name: 'bench-w1',
      keyed_by: 'customer',
      since: 'beginning',
      build: build(({ from, to }) => {
        const touches = from<Touch>(in_topic, 'customerId', 'occurredAt', 'channel', 'cost')
        to(out_topic, touches.pipe(decide()))
      }),
    },
  ],
})

const w2 = (in_topic: string, out_topic: string, grace_ms: number): Pick<App, 'topics' | 'pipelines'> => {
  const sums = `${out_topic}-sums`
  return {
    topics: {
      [in_topic]: input,
      [sums]: {
        schema: 'sum',
        role: 'internal',
        keyed_by: 'series',
        dedupe: 'none',
        partitioner: 'trusted',
        partial: { adds: ['count', 'sum_cents'] },
      },
      [out_topic]: json_output('series', (row: Final) => `${row.tenantId}|${row.channel}`),
    },
    pipelines: [
      {
        name: 'bench-w2-sums',
        keyed_by: 'customer',
        since: 'beginning',
        build: build(({ from, to }) => {
          const touches = from<Touch>(in_topic, 'tenantId', 'occurredAt', 'channel', 'cost')
          to(sums, touches.pipe(map(sum_of)))
        }),
      },
      {
        name: 'bench-w2-windows',
        keyed_by: 'series',
        since: 'beginning',
        build: build(({ from, to }) => {
          const read = ['tenant_id', 'dimension', 'occurred_at', 'count', 'sum_cents'] as const
          to(out_topic, from<Sum>(sums, ...read).pipe(close_windows(grace_ms)))
        }),
      },
    ],
  }
}

const sum_of = ({ tenantId, channel, occurredAt, cost }: Touch): Sum => ({
  tenant_id: tenantId,
  metric: 'cost',
  currency: '',
  dimension: channel,
  occurred_at: window_start(occurredAt, WINDOW_MS),
  count: 1,
  sum_cents: Math.round(cost * 100),
})

export interface BenchOptions {
  readonly name: string
  readonly in_topic: string
  readonly out_topic: string
  /** Of W2. */
  readonly grace_ms: number
}

export const bench_app = (workload: Workload, { name, in_topic, out_topic, grace_ms }: BenchOptions): App => {
  const of = workload === 'w1' ? w1(in_topic, out_topic) : w2(in_topic, out_topic, grace_ms)
  return {
    name,
    partitions: PARTITIONS,
    schemas: {
      touchpoint: SCHEMA,
      sum: SUM,
      'state/customer': CUSTOMER_STATE,
      'state/windows': WINDOWS_STATE,
      'state/window-sum': WINDOW_SUM,
      dead_letters: definitions.dead_letters,
    },
    topics: { ...of.topics, dead_letters: topics.dead_letters },
    pipelines: of.pipelines,
  }
}

/** The peers' generator: 80 % of touches from 20,000 customers, 1 % up to 5 s late. Calls `take` with each record. */
export const generate = (
  records: number,
  take: (row: Record<string, unknown>, key: string, partition: number) => void,
): { decisions: number } => {
  const random = mulberry32(42)
  const int = (n: number) => Math.floor(random() * n)
  const counts = new Int32Array(100_000)
  let decisions = 0
  for (let i = 0; i < records; i++) {
    const customer = random() < 0.8 ? int(20_000) : 20_000 + int(80_000)
    const late = random() < 0.01 ? 1 + int(5000) : 0
    const channel = CHANNELS[int(6)]
    const campaign = random() < 1 / 3 ? null : `cmp-${int(40)}`
    const step = STEPS[int(5)]
    const cents = int(500)
    const key = `cust-${customer}`
    const row = {
      eventId: `evt-${i.toString(36).padStart(12, '0')}`,
      tenantId: `t${Math.floor(customer / 4) % 10}`,
      customerId: key,
      sessionId: `s-${customer}-${i >> 16}`,
      occurredAt: 1_700_000_000_000 + i - late,
      channel,
      campaign,
      step,
      cost: cents / 100,
      properties: { device: DEVICES[int(3)], country: COUNTRIES[int(8)] },
    }
    counts[customer] = (counts[customer] as number) + 1
    if ((counts[customer] as number) % 10 === 0) decisions++
    take(row, key, customer % PARTITIONS)
  }
  return { decisions }
}

const CHANNELS = ['google', 'facebook', 'email', 'direct', 'affiliate', 'organic']
const STEPS = ['view', 'click', 'cart', 'checkout', 'purchase']
const DEVICES = ['mobile', 'desktop', 'tablet']
const COUNTRIES = ['US', 'DE', 'FR', 'GB', 'NL', 'BR', 'IN', 'JP']

const mulberry32 = (seed: number) => {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
