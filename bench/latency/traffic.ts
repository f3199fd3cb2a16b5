/**
 * Touches at a steady rate and the decisions they make. The schedule is fixed beforehand (open loop): a touch counts from when
 * it was due, whenever it went out. Which touch made a decision follows from customer and count, so nothing extra is carried.
 */
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import type { Log, Output } from '../../runtime/ports.ts'
import { PARTITIONS, SCHEMA } from '../throughput/workload.ts'
import { Histogram, type Quantiles } from './histogram.ts'
import { sleep } from './machine.ts'

/** W1 decides on every so many touches of a customer. */
const DECIDES = 10
/** Up to this rate every measured touch makes a decision; above it each tenth does, as in the peers' input. */
const EACH_DECIDES_TO = 2000
const ROUND_CUSTOMERS = 20_000
const CENTS = 123

export interface Plan {
  readonly rate: number
  /** Number of its first customer: plans of one run share no customer. */
  readonly first: number
  readonly customers: number
  readonly records: number
  /** Touches before this one are not counted. */
  readonly counted_from: number
  /** Touches a customer has before the schedule begins. */
  readonly earlier: (customer: number) => number
}

/** The plans of one run, each with customers of its own, taken in turn round after round. */
export const plans_of = (rates: readonly number[], seconds: number, warm_seconds: number): Plan[] => {
  let first = 0
  return rates.map(rate => {
    const each_decides = rate <= EACH_DECIDES_TO
    const wanted = Math.ceil((rate * (warm_seconds + seconds)) / PARTITIONS) * PARTITIONS
    const customers = each_decides ? wanted : ROUND_CUSTOMERS
    // By four, so that each round's decisions are of all partitions.
    const earlier = each_decides
      ? () => DECIDES - 1
      : (customer: number) => Math.floor(customer / PARTITIONS) % DECIDES
    const plan = { rate, first, customers, records: wanted, counted_from: rate * warm_seconds, earlier }
    first += customers
    return plan
  })
}

/** When all of them have had their tenth touch, everything before it has been processed. */
const last_customers = (plans: readonly Plan[]): number[] => {
  const end = plans.reduce((sum, plan) => sum + plan.customers, 0)
  return Array.from({ length: PARTITIONS }, (_, partition) => end + partition)
}

type Touch = (customer: number, at_ms: number) => Output
export const touches = (topic: string, schema_id: number): Touch => {
  const encode = compile_encoder(SCHEMA, schema_id)
  let serial = 0
  return (customer, at_ms) => {
    const customerId = `cust-${customer}`
    const row = {
      eventId: `evt-${(serial++).toString(36).padStart(12, '0')}`,
      tenantId: `t${Math.floor(customer / 4) % 10}`,
      customerId,
      sessionId: `s-${customer}`,
      occurredAt: Math.round(at_ms),
      channel: 'email',
      campaign: null,
      step: 'view',
      cost: CENTS / 100,
      properties: { device: 'mobile', country: 'DE' },
    }
    return { topic, partition: customer % PARTITIONS, key: Buffer.from(customerId), value: encode(row) }
  }
}

export interface Measured extends Quantiles {
  readonly rate: number
  /** Due until acknowledged by the log: what producing alone takes. */
  readonly produced: Quantiles
  readonly missing: number
  readonly wrong: number
}

export interface Route {
  readonly log: Log
  readonly in_topic: string
  readonly out_topic: string
  readonly schema_id: number
  /** Throws when the side under test has ended. */
  check(): void
}

type Take = (customer: number, count: number, cents: number, now: number) => void

/** Sends the touches before the schedules, waits until they are processed, then runs one plan after the other. */
export const run_plans = async (
  route: Route,
  plans: readonly Plan[],
  each: (measured: Measured) => void,
): Promise<void> => {
  const stop = new AbortController()
  const taking: { take: Take } = { take: () => {} }
  let broken: unknown = null
  const readers = Array.from({ length: PARTITIONS }, (_, partition) =>
    read(route, partition, stop.signal, taking).catch(error => {
      broken = error
    }),
  )
  const check = (): void => {
    route.check()
    if (broken) throw broken
  }
  try {
    const touch = touches(route.in_topic, route.schema_id)
    await send_earlier({ ...route, check }, plans, touch, taking)
    for (const plan of plans) {
      await sleep(2000)
      each(await run_plan({ ...route, check }, plan, touch, taking))
    }
  } finally {
    stop.abort()
    await Promise.all(readers)
  }
}

const read = async (
  { log, out_topic }: Route,
  partition: number,
  signal: AbortSignal,
  taking: { readonly take: Take },
): Promise<void> => {
  for await (const { records } of log.tail(out_topic, partition, 0, signal)) {
    const now = performance.now()
    for (const { value } of records) {
      const { customerId, count, spendCents } = JSON.parse(`${value}`) as Record<string, number | string>
      taking.take(Number(`${customerId}`.slice(5)), count as number, spendCents as number, now)
    }
  }
}

const SENT_AT_ONCE = 5000
const READY_MS = 180_000
const send_earlier = async (
  { log, check }: Route,
  plans: readonly Plan[],
  touch: Touch,
  taking: { take: Take },
): Promise<void> => {
  const last = last_customers(plans)
  const waiting = new Set(last)
  taking.take = customer => waiting.delete(customer)
  let batch: Output[] = []
  const add = async (customer: number): Promise<void> => {
    batch.push(touch(customer, Date.now()))
    if (batch.length < SENT_AT_ONCE) return
    await log.append(batch)
    batch = []
  }
  for (const { first, customers, earlier } of plans)
    for (let customer = 0; customer < customers; customer++)
      for (let n = earlier(customer); n > 0; n--) await add(first + customer)
  for (let n = 0; n < DECIDES; n++) for (const customer of last) await add(customer)
  await log.append(batch)
  for (const until = Date.now() + READY_MS; waiting.size > 0; await sleep(50)) {
    check()
    if (Date.now() > until) throw new Error(`not ready after ${READY_MS / 1000} s`)
  }
}

const LEAD_MS = 100
const SETTLE_MS = 20_000
const run_plan = async (
  { log, check }: Route,
  plan: Plan,
  touch: Touch,
  taking: { take: Take },
): Promise<Measured> => {
  const { rate, first, customers, records, counted_from, earlier } = plan
  const times = new Histogram()
  const produced = new Histogram()
  const begin = performance.now() + LEAD_MS
  const begin_wall = Date.now() + LEAD_MS
  const due = (record: number): number => (record * 1000) / rate
  const decides = (record: number): boolean =>
    (earlier(record % customers) + Math.floor(record / customers) + 1) % DECIDES === 0
  const open = new Uint8Array(records)
  let missing = 0
  let wrong = 0
  for (let record = 0; record < records; record++)
    if (decides(record)) {
      open[record] = 1
      missing++
    }
  taking.take = (customer, count, cents, now) => {
    const record = (count - earlier(customer - first) - 1) * customers + customer - first
    if (open[record] !== 1 || cents !== count * CENTS) {
      wrong++
      return
    }
    open[record] = 0
    missing--
    if (record >= counted_from) times.add(now - begin - due(record))
  }
  let failed: unknown = null
  const append = async (from: number, to: number): Promise<void> => {
    const outputs: Output[] = []
    for (let record = from; record < to; record++)
      outputs.push(touch(first + (record % customers), begin_wall + due(record)))
    await log.append(outputs)
    const now = performance.now()
    for (let record = Math.max(from, counted_from); record < to; record++)
      produced.add(now - begin - due(record))
  }
  for (let sent = 0; sent < records; await sleep(1)) {
    check()
    if (failed) throw failed
    const now_due = Math.min(records, Math.floor(((performance.now() - begin) * rate) / 1000) + 1)
    if (now_due <= sent) continue
    append(sent, now_due).catch(error => {
      failed = error
    })
    sent = now_due
  }
  for (const until = Date.now() + SETTLE_MS; missing > 0 && Date.now() < until; await sleep(20)) check()
  // What comes twice comes soon after.
  await sleep(500)
  return { rate, ...times.quantiles(), produced: produced.quantiles(), missing, wrong }
}
