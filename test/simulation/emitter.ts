/**
 * What the outside world sends in one run: payments, touches, feedback and catalog entries, with the ways in
 * which senders get it wrong. Each record says how it was made; the oracle judges it by that, never by the
 * code under test.
 */
import avsc from 'avsc'
import type { Shared } from './cluster.ts'
import { FAILS_ALWAYS, FAILS_ON_RETURNS, FUSSY, SOUND } from './fussy.ts'
import { murmur2_partition } from './murmur.ts'
import type { SharedRegistry } from './registry.ts'
import type { Random } from './scheduler.ts'
import { PARTITIONS } from './simulated-app.ts'

/** unknown: well formed, under a schema id that the registry does not know, or not yet. */
export type Flaw = 'malformed' | 'future' | 'unknown' | null

export interface Sent {
  readonly at_ms: number
  readonly topic: string
  /** Where it was sent to, and with which key. */
  readonly partition: number
  readonly sent_key: Buffer | null
  /** Its sender hashes differently: that is not where, or how, it belongs. */
  readonly stray: boolean
  /** The key its body forms. */
  readonly key: Buffer
  readonly value: Buffer
  readonly flaw: Flaw
  readonly row: Readonly<Record<string, unknown>>
}

/** How the event times of a run lie: as they happen, or history being imported, in order. */
export type Profile = 'live' | 'history'

export interface Plan {
  readonly profile: Profile
  readonly sent: readonly Sent[]
  /** When the registry learns the ids of unknown schemas; null: never. */
  readonly learns_at_ms: number | null
  /** Many records are of schemas that the registry learns in the middle of the run. */
  readonly learns_many: boolean
}

/** Ids of schemas that the registry does not know when they are used. */
export const UNKNOWN_IDS: Readonly<Record<string, number>> = {
  payments: 901,
  touchpoints: 902,
  feedback: 903,
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

type Schemas = Readonly<Record<string, object>>

/** An encoder in the wire format, own code: a mistake of the production encoder must not hide here. */
const encoders = (schemas: Schemas, registry: SharedRegistry) => {
  const made = new Map<string, (row: object) => Buffer>()
  return (topic: string, row: object): Buffer => {
    let encode = made.get(topic)
    if (!encode) {
      const schema = schemas[topic]
      if (!schema) throw new Error(`no schema ${topic}`)
      const id = registry.register(`${topic}-value`, schema)
      const type = type_of(topic, schema)
      encode = of => {
        const prefix = Buffer.alloc(5)
        prefix.writeInt32BE(id, 1)
        return Buffer.concat([prefix, type.toBuffer(of)])
      }
      made.set(topic, encode)
    }
    return encode(row)
  }
}
const types = new Map<string, avsc.Type>()
const type_of = (topic: string, schema: object): avsc.Type => {
  const known = types.get(topic)
  if (known) return known
  const type = avsc.Type.forSchema(schema as avsc.Schema, { registry: {} })
  types.set(topic, type)
  return type
}

/** The ways a body can be wrong; each must end as a dead letter that holds exactly these bytes. */
const spoil = (random: Random, value: Buffer): Buffer => {
  const kind = random.between(0, 4)
  if (kind === 0) return value.subarray(0, random.between(6, value.length - 1))
  if (kind === 1) return Buffer.concat([value, Buffer.from([random.between(0, 255)])])
  if (kind === 2) return Buffer.concat([Buffer.from([0, 0, 0, 3, 231]), value.subarray(5)])
  if (kind === 3) return Buffer.from('{"amount":1}')
  return value.subarray(0, value.length - 1 - random.between(0, 3))
}

/** The same body under a schema id that is not known. */
const renumbered = (topic: string, value: Buffer): Buffer => {
  const copy = Buffer.from(value)
  copy.writeInt32BE(UNKNOWN_IDS[topic] ?? 0, 1)
  return copy
}

interface Maker {
  readonly random: Random
  readonly tenants: readonly string[]
  readonly customers: readonly string[]
  /** Visitors say who they are. */
  readonly identity: boolean
  event_time(at_ms: number): number
  next_id(): string
}

const touch = (make: Maker, at_ms: number) => {
  const { random } = make
  const anonymous = random.chance(make.identity ? 0.5 : 0.15)
  const identifies = make.identity && !anonymous && random.chance(0.5)
  const customer = random.pick(make.customers)
  const visitor = make.identity ? random.pick(['v1', 'v2']) : customer
  return {
    event_id: make.next_id(),
    tenant_id: make.identity && random.chance(0.6) ? 't1' : random.pick(make.tenants),
    customer_id: anonymous ? null : customer,
    session_id: null,
    anonymous_id: anonymous || identifies ? visitor : null,
    occurred_at: make.event_time(at_ms),
    channel: random.pick(['email', 'search']),
    campaign: random.chance(0.5) ? 'spring' : null,
    content_id: null,
    interaction: identifies ? 'identify' : 'view',
    funnel_step: random.chance(0.3) ? random.pick(['cart', 'pay']) : null,
    product_id: null,
    device: null,
    country: null,
    cost_minor: random.between(0, 50),
    currency: 'USD',
    properties: {},
  }
}

const payment = (make: Maker, at_ms: number) => {
  const { random } = make
  const type = random.chance(0.6)
    ? 'payment_succeeded'
    : random.pick(['refunded', 'chargeback', 'payment_failed', 'checkout_started', 'subscription_renewed'])
  return {
    event_id: make.next_id(),
    tenant_id: random.pick(make.tenants),
    customer_id: random.pick(make.customers),
    occurred_at: make.event_time(at_ms),
    type,
    payment_id: random.chance(0.5) ? `p${random.between(1, 9)}` : null,
    subscription_id: null,
    checkout_id: null,
    product_id: random.chance(0.6) ? random.pick(['a', 'b']) : null,
    plan_id: null,
    amount_minor: random.chance(0.1) ? 0 : random.between(1, 99_999),
    currency: random.pick(['USD', 'USD', 'JPY']),
    mrr_minor: null,
    quantity: 1,
    method: null,
    failure_code: null,
    device: null,
    country: null,
    properties: random.chance(0.2) ? { note: 'x'.repeat(random.between(1, 40)) } : {},
  }
}

const feedback = (make: Maker, at_ms: number) => ({
  event_id: make.next_id(),
  tenant_id: make.random.pick(make.tenants),
  customer_id: make.random.pick(make.customers),
  occurred_at: make.event_time(at_ms),
  decision_id: null,
  buyer_id: null,
  outcome: make.random.pick(['accepted', 'rejected', 'returned']),
  reason: null,
  amount_minor: null,
  currency: null,
  properties: {},
})

const catalog = (
  make: Maker,
  kind: string,
  id: string,
  effective_at: number,
  revision: number,
  body: object,
) => ({
  event_id: make.next_id(),
  tenant_id: '*',
  occurred_at: effective_at,
  kind,
  id,
  effective_at,
  revision,
  body: JSON.stringify(body),
})

const key_of = (topic: string, row: Readonly<Record<string, unknown>>): string =>
  topic === 'catalog'
    ? `${row.kind}|${row.id}|${row.effective_at}|${row.revision}`
    : `${row.tenant_id}|${row.customer_id ?? `~${row.anonymous_id}`}`

/** Another partition, another key, or none. */
const astray = (random: Random, sent: Sent): Sent => {
  const elsewhere = (sent.partition + 1) % PARTITIONS
  const way = random.between(0, 3)
  const partition = way === 1 ? sent.partition : elsewhere
  const sent_key = way === 0 ? sent.key : way === 3 ? null : Buffer.from('t1|somebody')
  return { ...sent, partition, sent_key, stray: true }
}

type Event = ReturnType<typeof payment> | ReturnType<typeof touch> | ReturnType<typeof feedback>

/** Mostly payments; where visitors say who they are, mostly touches. */
const ordinary = (make: Maker, dice: number, at_ms: number): readonly [topic: string, row: Event] => {
  const [pays, touches] = make.identity ? [0.25, 0.88] : [0.5, 0.8]
  if (dice < pays) return ['payments', payment(make, at_ms)]
  return dice < touches ? ['touchpoints', touch(make, at_ms)] : ['feedback', feedback(make, at_ms)]
}

/** What is wrong with an event, and its body where that is it. */
const flaw_of = (
  random: Random,
  topic: string,
  row: Event,
  at_ms: number,
  encode: (topic: string, row: object) => Buffer,
): { readonly row: Event; readonly flaw: Flaw; readonly body?: Buffer } => {
  const way = random.next()
  if (way < 0.3) return { row: { ...row, occurred_at: at_ms + 40 * DAY }, flaw: 'future' }
  const body = encode(topic, row)
  if (way < 0.5) return { row, flaw: 'unknown', body: renumbered(topic, body) }
  return { row, flaw: 'malformed', body: spoil(random, body) }
}

/** A mistake is deployed, and perhaps mended; the worst kind meets enough records for the pipeline to be set aside. */
const plan_mistake = (
  { random }: Maker,
  start_ms: number,
  length_ms: number,
  mood: (at_ms: number, revision: number, mood: number) => void,
  send_feedback: (at_ms: number) => void,
) => {
  if (!random.chance(0.4) || length_ms < 2000) return
  const at_ms = start_ms + random.between(0, length_ms / 2)
  const worst = random.chance(0.15)
  mood(at_ms, 1, worst ? FAILS_ALWAYS : FAILS_ON_RETURNS)
  if (worst) for (let i = 0; i < 170; i++) send_feedback(at_ms + random.between(100, length_ms / 4))
  if (random.chance(0.7)) mood(at_ms + random.between(length_ms / 4, length_ms / 2), 2, SOUND)
}

/** Everything that is sent between start_ms and start_ms + length_ms, in sending order. @param few so many events */
export const plan_events = (
  random: Random,
  { app: { schemas }, registry, identity }: Pick<Shared, 'app' | 'registry' | 'identity'>,
  start_ms: number,
  length_ms: number,
  few: number | null,
): Plan => {
  const profile: Profile = random.chance(0.3) ? 'history' : 'live'
  const encode = encoders(schemas, registry)
  const sent: Sent[] = []
  let ids = 0
  let flawed = random.chance(0.6) ? 0.06 : 0
  const repeats = random.chance(0.7) ? 0.12 : 0
  const strays = random.chance(0.4) ? 0.12 : 0
  const stale = random.chance(0.5) ? 0.2 : 0
  // Many events of one instant: then the order of topics decides.
  const coarse = random.chance(0.4)
  const event_time = (at_ms: number): number => {
    if (profile === 'history')
      return Math.floor(start_ms - 8 * DAY + ((at_ms - start_ms) / length_ms) * 6 * DAY)
    const age = random.chance(stale) ? random.pick([HOUR, 5 * HOUR, 5 * DAY]) : random.between(0, 240_000)
    return coarse ? Math.floor((at_ms - age) / MINUTE) * MINUTE : at_ms - age
  }
  const make: Maker = {
    random,
    tenants: ['t1', 't2'],
    customers: ['c1', 'c2', 'c3', 'c4', 'c5'],
    identity,
    event_time,
    next_id: () => `e${++ids}`,
  }
  const send = (
    at_ms: number,
    topic: string,
    row: Readonly<Record<string, unknown>>,
    flaw: Flaw,
    body?: Buffer,
  ) => {
    const key = Buffer.from(key_of(topic, row))
    const partition = topic === 'catalog' ? 0 : murmur2_partition(key, PARTITIONS)
    const value = body ?? encode(topic, row)
    const straight = { at_ms, topic, partition, sent_key: key, stray: false, key, value, flaw, row }
    // History that comes back batches later has been overtaken: what has windows may be too late.
    const may_stray = flaw === null && (profile === 'live' ? topic !== 'catalog' : topic === 'feedback')
    sent.push(may_stray && random.chance(strays) ? astray(random, straight) : straight)
  }
  if (profile === 'history') {
    flawed /= 2
    const lease = { state: 'open', topic: 'touchpoints', renewed_at: start_ms }
    send(start_ms, 'catalog', catalog(make, 'imports', 'history', start_ms, 1, lease), null)
  }
  const mood = (at_ms: number, revision: number, price_minor: number) => {
    const body = { name: FUSSY, price_minor }
    send(at_ms, 'catalog', catalog(make, 'products', FUSSY, start_ms - 60 * DAY, revision, body), null)
  }
  plan_mistake(make, start_ms, length_ms, mood, at_ms =>
    send(at_ms, 'feedback', { ...feedback(make, at_ms), tenant_id: 't1', customer_id: 'c1' }, null),
  )
  const events = few ?? random.between(20, 60)
  for (let i = 0; i < events; i++) {
    const at_ms = start_ms + Math.floor((length_ms * (i + random.next())) / events)
    const dice = random.next()
    if (dice < 0.06) {
      const price = { name: 'probe', price_minor: random.between(1, 999) }
      const effective_at =
        profile === 'history' ? start_ms - random.between(0, 8) * DAY : at_ms - random.between(0, 300_000)
      send(at_ms, 'catalog', catalog(make, 'products', 'probe', effective_at, i + 1, price), null)
      continue
    }
    const [topic, row] = ordinary(make, dice, at_ms)
    if (random.chance(flawed)) {
      const { flaw, body, ...wrong } = flaw_of(random, topic, row, at_ms, encode)
      send(at_ms, topic, wrong.row, flaw, body)
      continue
    }
    send(at_ms, topic, row, null)
    if (!random.chance(repeats) || (row.occurred_at < at_ms - 10 * HOUR && profile === 'live')) continue
    // Ids of touches are remembered for two days of stream time: in a history, days pass quickly.
    const brief = profile === 'history' && topic === 'touchpoints'
    const again_ms = at_ms + random.between(0, length_ms / (brief ? 25 : 4))
    const conflict = topic === 'payments' && random.chance(0.4)
    const other = conflict && 'type' in row ? { ...row, amount_minor: row.amount_minor + 7 } : row
    send(again_ms, topic, other, null)
  }
  sent.sort((a, b) => a.at_ms - b.at_ms)
  const learns_at_ms = random.chance(0.6) ? start_ms + random.between(0, length_ms) : null
  const learns_many = learns_at_ms !== null && few === null && sent.length % 2 === 0
  return { profile, sent: learns_many ? with_unknown_schemas(sent) : sent, learns_at_ms, learns_many }
}

/** Every third record whose id is sent once: the same row under a schema id that is learned. */
const with_unknown_schemas = (sent: readonly Sent[]): Sent[] => {
  const times = new Map<unknown, number>()
  for (const { row } of sent) times.set(row.event_id, (times.get(row.event_id) ?? 0) + 1)
  return sent.map((one, i) =>
    i % 3 > 0 ||
    one.flaw !== null ||
    one.stray ||
    !(one.topic in UNKNOWN_IDS) ||
    times.get(one.row.event_id) !== 1
      ? one
      : { ...one, flaw: 'unknown', value: renumbered(one.topic, one.value) },
  )
}

/** The row that ends an import: ticks move time again. */
export const closing_lease = (schemas: Schemas, registry: SharedRegistry, at_ms: number): Sent => {
  const row = {
    event_id: 'lease-end',
    tenant_id: '*',
    occurred_at: at_ms,
    kind: 'imports',
    id: 'history',
    effective_at: at_ms,
    revision: 2,
    body: JSON.stringify({ state: 'closed', topic: 'touchpoints', renewed_at: at_ms }),
  }
  const key = Buffer.from(key_of('catalog', row))
  const value = encoders(schemas, registry)('catalog', row)
  return { at_ms, topic: 'catalog', partition: 0, sent_key: key, stray: false, key, value, flaw: null, row }
}
