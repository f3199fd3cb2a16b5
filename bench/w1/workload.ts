/**
 * W1: per customer {count, spend, last channel, last seen}; every tenth touch of a customer writes a decision. The
 * generator is seeded, so expected results follow from N alone.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { keyed, type Pipeline } from '../../operators/core/keyed.ts'
import type { App } from '../../runtime/app.ts'
import { definitions } from '../../schemas/definitions.ts'
import { topics } from '../../schemas/topics.ts'

export const PARTITIONS = 4
export const SCHEMA = JSON.parse(readFileSync(join(import.meta.dirname, 'touchpoint.avsc'), 'utf8')) as object

interface Touch {
  readonly customerId: string
  readonly occurredAt: number
  readonly channel: string
  readonly cost: number
}
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

const STATE = {
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

// The bench's topics are not in the generated row types, so its wiring is typed here.
interface BenchWiring {
  from(topic: 'bench-touchpoints', ...fields: string[]): import('rxjs').Observable<Touch>
  to(topic: string, stream: import('rxjs').Observable<Decision>): void
}

/** The workload as an app on the public API: its schema, topic row and JSON encoder. */
export const w1_app = (out_topic: string): App => ({
  name: 'bench',
  partitions: PARTITIONS,
  schemas: { touchpoint: SCHEMA, 'state/customer': STATE, dead_letters: definitions.dead_letters },
  topics: {
    'bench-touchpoints': {
      schema: 'touchpoint',
      role: 'input',
      keyed_by: 'customer',
      dedupe: 'none',
      partitioner: 'trusted',
      event_id: 'eventId',
      occurred_at: 'occurredAt',
    },
    [out_topic]: {
      schema: '',
      role: 'output',
      keyed_by: 'customer',
      dedupe: 'none',
      partitioner: 'trusted',
      encode: (row: never) => ({
        key: (row as Decision).customerId,
        value: Buffer.from(JSON.stringify(row)),
      }),
    },
    dead_letters: topics.dead_letters,
  },
  pipelines: [
    {
      name: 'bench-w1',
      keyed_by: 'customer',
      since: 'beginning',
      build: wiring => {
        const { from, to } = wiring as unknown as BenchWiring
        const touches = from('bench-touchpoints', 'customerId', 'occurredAt', 'channel', 'cost')
        to(out_topic, touches.pipe(decide()))
      },
    } satisfies Pipeline,
  ],
})

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
