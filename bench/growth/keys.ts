/** Touches of uniformly drawn customers, and what W1 must say of them. */

import { compile_encoder } from '../../runtime/avro/encoder.ts'
import type { Log, Output } from '../../runtime/ports.ts'
import { SCHEMA } from '../throughput/workload.ts'

const SENT_AT_ONCE = 10_000
const DECIDES = 10

/** What is known of all customers, so that each decision can be checked. */
export class Customers {
  readonly #counts: Uint32Array
  readonly #cents: Uint32Array
  readonly #decided: Uint32Array
  readonly #encode = compile_encoder(SCHEMA, 1)
  readonly #topic: string
  readonly #partitions: number
  #serial = 0
  #random = 1
  expected = 0
  decisions = 0
  wrong = 0

  constructor(keys: number, topic: string, partitions: number) {
    this.#counts = new Uint32Array(keys)
    this.#cents = new Uint32Array(keys)
    this.#decided = new Uint32Array(keys)
    this.#topic = topic
    this.#partitions = partitions
  }

  /** A touch of any customer. */
  any(): Output {
    return this.touch(Math.floor(this.#next() * this.#counts.length))
  }

  touch(customer: number): Output {
    const cents = Math.floor(this.#next() * 500)
    const count = this.#counts[customer]! + 1
    this.#counts[customer] = count
    this.#cents[customer] = this.#cents[customer]! + cents
    if (count % DECIDES === 0) this.expected++
    const customerId = `cust-${customer}`
    const value = this.#encode({
      eventId: `evt-${(this.#serial++).toString(36).padStart(12, '0')}`,
      tenantId: `t${customer % 10}`,
      customerId,
      sessionId: `s-${customer}`,
      occurredAt: Date.now(),
      channel: 'email',
      campaign: 'cmp-7',
      step: 'view',
      cost: cents / 100,
      properties: { device: 'mobile', country: 'DE' },
    })
    return {
      topic: this.#topic,
      partition: customer % this.#partitions,
      key: Buffer.from(customerId),
      value,
    }
  }

  /** Touches that bring customers from all of them to their next decision: it shows the state they were left in. */
  to_next_decision(customers: number): Output[] {
    const outputs: Output[] = []
    const step = Math.max(1, Math.floor(this.#counts.length / customers))
    for (let customer = 0; customer < this.#counts.length; customer += step)
      do outputs.push(this.touch(customer))
      while (this.#counts[customer]! % DECIDES !== 0)
    return outputs
  }

  /** Decisions of a customer come in order, each once; the newest one tells the sum of all cents. */
  take(value: Buffer): void {
    const { customerId, count, spendCents } = JSON.parse(`${value}`) as {
      customerId: string
      count: number
      spendCents: number
    }
    const customer = Number(customerId.slice(5))
    this.decisions++
    const in_order = count === this.#decided[customer]! + DECIDES
    const newest = count === this.#counts[customer]
    if (!in_order || (newest && spendCents !== this.#cents[customer])) this.wrong++
    this.#decided[customer] = count
  }

  /** mulberry32, so that runs draw alike. */
  #next(): number {
    this.#random = (this.#random + 0x6d2b79f5) | 0
    const a = this.#random
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Writes one touch of every customer, then so many of any. */
export const write_backlog = async (
  log: Log,
  customers: Customers,
  keys: number,
  records: number,
): Promise<void> => {
  for (let sent = 0; sent < keys + records; sent += SENT_AT_ONCE) {
    const count = Math.min(SENT_AT_ONCE, keys + records - sent)
    await log.append(
      Array.from({ length: count }, (_, i) =>
        sent + i < keys ? customers.touch(sent + i) : customers.any(),
      ),
    )
  }
}
