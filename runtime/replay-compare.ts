/**
 * Rows that a replay comes to beside those that stand in the log. A row is known by its key and what its table is ordered
 * by; of rows of one name the last one counts, as in the tables. Bodies are kept as digests: what differs is read again.
 */
import { createHash } from 'node:crypto'
import type avsc from 'avsc'
import type { TopicSpec } from '../schemas/topics.ts'
import { type App, partitions_of } from './app.ts'
import { exact_type } from './avro/exact-type.ts'
import { tenant_of } from './keys.ts'
import type { Log, LogRecord, Output, Registry } from './ports.ts'
import { scan } from './scan.ts'

export type Row = Record<string, unknown>

/** Which rows count: of events from from_ms on and before to_ms, of one tenant or of all. */
export interface Stretch {
  readonly from_ms: number
  readonly to_ms: number
  readonly tenant: string | null
}

export interface TopicAgreement {
  readonly topic: string
  /** In the log. */
  readonly recorded: number
  readonly replayed: number
  readonly equal: number
  readonly different: number
  /** In the log, not replayed. */
  readonly missing: number
  /** Replayed, not in the log. */
  readonly unrecorded: number
  /** Over names and bodies in the order of the names. */
  readonly recorded_hash: string
  readonly replayed_hash: string
  /** The first by name that does not agree. */
  readonly first: FirstDifference | null
  /** Whether nothing of the topic was recorded before the last of the rows that are not in the log. */
  readonly begins_later: boolean
}

export interface FirstDifference {
  readonly key: string
  readonly event_id: string
  readonly recorded: Row | null
  readonly replayed: Row | null
}

interface Standing {
  recorded: string | null
  /** Where it was read. */
  partition: number
  offset: number
  at_ms: number
  replayed: string | null
  /** Kept only where the two differ. */
  value: Buffer | null
}

const PREFIX_BYTES = 5
const digest_of = (body: Buffer): string => createHash('sha256').update(body).digest('base64').slice(0, 22)

/** One topic. begin() before the replay, add() what it comes to, end() behind it. */
export class Compared {
  readonly topic: string
  readonly #app: App
  readonly #log: Log
  readonly #registry: Registry
  readonly #spec: TopicSpec
  readonly #type: avsc.Type
  readonly #stretch: Stretch
  readonly #identity: readonly string[]
  readonly #rows = new Map<string, Standing>()
  readonly #read_to: number[] = []
  readonly #resolvers = new Map<number, avsc.Resolver | null>()
  #first_recorded_ms = Number.POSITIVE_INFINITY

  constructor(deps: { app: App; log: Log; registry: Registry }, topic: string, stretch: Stretch) {
    const spec = deps.app.topics[topic] as TopicSpec
    this.topic = topic
    this.#app = deps.app
    this.#log = deps.log
    this.#registry = deps.registry
    this.#spec = spec
    this.#type = exact_type(deps.app.schemas[spec.schema] as object)
    this.#stretch = stretch
    const order = spec.table?.order_by ?? [spec.event_id ?? 'event_id']
    this.#identity = order.filter(field => field !== 'tenant_id' && field !== '_key')
  }

  /** Reads what stands in the log. */
  async begin(): Promise<void> {
    for (let partition = 0; partition < partitions_of(this.#app, this.topic); partition++)
      this.#read_to[partition] = await this.#read(partition, 0, (standing, found) => {
        Object.assign(standing, found)
      })
  }

  /** What a batch of the replay writes. */
  add(outputs: readonly Output[]): void {
    for (const { topic, key, value } of outputs) {
      if (topic !== this.topic || !key || !value) continue
      const row = this.#type.fromBuffer(value.subarray(PREFIX_BYTES)) as Row
      if (!this.#counts(key, row)) continue
      const standing = this.#standing(key, row)
      standing.replayed = digest_of(value.subarray(PREFIX_BYTES))
      standing.value = standing.replayed === standing.recorded ? null : value
    }
  }

  /** Reads what has come since begin(), which the replay may have seen or not. */
  async end(): Promise<TopicAgreement> {
    for (const [partition, from] of this.#read_to.entries())
      await this.#read(partition, from, (standing, found) => {
        if (standing.replayed === null || standing.recorded !== null) return
        Object.assign(standing, found)
        if (standing.replayed === standing.recorded) standing.value = null
      })
    return this.#agreement()
  }

  async #read(
    partition: number,
    from: number,
    found: (standing: Standing, recorded: Partial<Standing>) => void,
  ): Promise<number> {
    return scan(this.#log, { topic: this.topic, partition }, from, async ({ key, value, offset }) => {
      if (!key || !value) return
      const body = await this.#today(value)
      const row = this.#type.fromBuffer(body) as Row
      const at_ms = this.#at_ms(row)
      if (at_ms < this.#first_recorded_ms) this.#first_recorded_ms = at_ms
      if (this.#counts(key, row))
        found(this.#standing(key, row), { recorded: digest_of(body), partition, offset })
    })
  }

  /** The body as today's schema writes it. */
  async #today(value: Buffer): Promise<Buffer> {
    const id = value.readInt32BE(1)
    const body = value.subarray(PREFIX_BYTES)
    let resolver = this.#resolvers.get(id)
    if (resolver === undefined) {
      const writer = await this.#registry.schema(id)
      const ours = this.#app.schemas[this.#spec.schema] as object
      const same = JSON.stringify(writer) === JSON.stringify(ours)
      resolver = same ? null : this.#type.createResolver(exact_type(writer))
      this.#resolvers.set(id, resolver)
    }
    if (resolver === null) return body
    return this.#type.toBuffer(this.#type.fromBuffer(body, resolver))
  }

  #at_ms = (row: Row): number => row[this.#spec.occurred_at ?? 'occurred_at'] as number

  #counts(key: Buffer, row: Row): boolean {
    const { from_ms, to_ms, tenant } = this.#stretch
    const at_ms = this.#at_ms(row)
    return (
      at_ms >= from_ms && at_ms < to_ms && (tenant === null || tenant_of(key.toString('utf8')) === tenant)
    )
  }

  #standing(key: Buffer, row: Row): Standing {
    const id = [key.toString('utf8'), ...this.#identity.map(field => String(row[field]))].join('\n')
    let standing = this.#rows.get(id)
    if (!standing) {
      standing = {
        ...{ recorded: null, partition: 0, offset: 0, replayed: null, value: null },
        at_ms: this.#at_ms(row),
      }
      this.#rows.set(id, standing)
    }
    return standing
  }

  async #agreement(): Promise<TopicAgreement> {
    const counts = { recorded: 0, replayed: 0, equal: 0, different: 0, missing: 0, unrecorded: 0 }
    const hashes = { recorded: createHash('sha256'), replayed: createHash('sha256') }
    let first: [string, Standing] | null = null
    let last_unrecorded_ms = Number.NEGATIVE_INFINITY
    for (const [id, standing] of [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const { recorded, replayed } = standing
      if (recorded !== null) counts.recorded++
      if (replayed !== null) counts.replayed++
      for (const side of ['recorded', 'replayed'] as const)
        if (standing[side] !== null) hashes[side].update(`${id}\n${standing[side]}\n`)
      if (recorded === replayed) counts.equal++
      else if (replayed === null) counts.missing++
      else if (recorded !== null) counts.different++
      else {
        counts.unrecorded++
        last_unrecorded_ms = Math.max(last_unrecorded_ms, standing.at_ms)
      }
      if (recorded !== replayed) first ??= [id, standing]
    }
    return {
      topic: this.topic,
      ...counts,
      recorded_hash: hashes.recorded.digest('hex').slice(0, 16),
      replayed_hash: hashes.replayed.digest('hex').slice(0, 16),
      first: first && (await this.#told(...first)),
      begins_later: counts.unrecorded > 0 && this.#first_recorded_ms >= last_unrecorded_ms,
    }
  }

  async #told(id: string, standing: Standing): Promise<FirstDifference> {
    const [key = '', ...names] = id.split('\n')
    const recorded = standing.recorded === null ? null : await this.#recorded_row(standing)
    const { value } = standing
    const replayed = value && (this.#type.fromBuffer(value.subarray(PREFIX_BYTES)) as Row)
    return { key, event_id: names.join(' '), recorded, replayed: replayed ? { ...replayed } : null }
  }

  async #recorded_row({ partition, offset }: Standing): Promise<Row | null> {
    let found: LogRecord | null = null
    const stop = new AbortController()
    for await (const { records } of this.#log.tail(this.topic, partition, offset, stop.signal)) {
      found = records[0] ?? null
      if (found) break
    }
    stop.abort()
    if (!found?.value) return null
    return { ...(this.#type.fromBuffer(await this.#today(found.value)) as Row) }
  }
}
