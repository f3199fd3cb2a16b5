/**
 * What every step of every sale says together, read from the topic itself in the order of the log: no cap exceeded at any
 * moment, nothing sold twice, nothing lost. Knows nothing of the operators: rows, caps and zones alone.
 */
import pino from 'pino'
import { exact_type } from '../../../runtime/avro/exact-type.ts'
import { kafka_log } from '../../../runtime/kafka/log.ts'
import { scan } from '../../../runtime/scan.ts'
import type { Buyer } from '../../../schemas/catalog-kinds.ts'
import { definitions } from '../../../schemas/definitions.ts'
import type { Route } from '../../../schemas/types.ts'
import { ZONES } from './history.ts'

/** All rows of `routes`, in order within each tenant. */
export const read_routes = async (brokers: readonly string[], partitions: number): Promise<Route[]> => {
  const logger = pino({ level: 'silent' })
  const log = kafka_log({ brokers: [...brokers], client_id: 'independent-auditor', logger })
  const type = exact_type((definitions as Readonly<Record<string, object>>).routes as object)
  const rows: Route[] = []
  try {
    for (let partition = 0; partition < partitions; partition++)
      await scan(log, { topic: 'routes', partition }, 0, ({ value }) => {
        // Behind the registry's five bytes.
        if (value) rows.push(type.fromBuffer(value.subarray(5)) as Route)
      })
  } finally {
    await log.close()
  }
  return rows
}

export interface Audit {
  /** Rows whose event_id was there before. */
  readonly doubled: number
  /** Reservations that came when what is sold of a cap (of the hour, of the day) was sold. */
  readonly over_cap: readonly string[]
  /** Leads that somebody had when another was given them, or that were given back by who had them not. */
  readonly sold_twice: readonly string[]
  /** How leads ended: their last status. */
  readonly ended: Readonly<Record<string, number>>
  readonly rows: Readonly<Record<string, number>>
  /** The fullest hour or day of any buyer, as a share of its cap. */
  readonly fullest_ratio: number
}

const HOUR_MS = 3_600_000
/** A tenth of a cap is kept back. */
const sold_of = (cap: number): number => Math.max(1, Math.floor(cap * 0.9))

export const audit_routes = (routes: readonly Route[], buyers: readonly Buyer[]): Audit => {
  const by_id = new Map(buyers.map(buyer => [buyer.buyer_id, buyer]))
  const ids = new Set<string>()
  const taken = new Map<string, number>()
  const windows = new Map<string, readonly string[]>()
  const holder = new Map<string, string>()
  const last = new Map<string, string>()
  const rows: Record<string, number> = {}
  const over_cap: string[] = []
  const sold_twice: string[] = []
  let doubled = 0
  let fullest_ratio = 0
  const reserve = (row: Route, decision: string): void => {
    const buyer = by_id.get(String(row.buyer_id)) as Buyer
    const local_ms = row.occurred_at + ZONES[buyer.zone as keyof typeof ZONES]
    const name = `${row.tenant_id} ${row.buyer_id}`
    const caps = [
      [`${name} hour ${Math.floor(local_ms / HOUR_MS)}`, buyer.hourly_cap],
      [`${name} day ${Math.floor(local_ms / (24 * HOUR_MS))}`, buyer.daily_cap],
    ] as const
    for (const [window, cap] of caps) {
      const count = (taken.get(window) ?? 0) + 1
      taken.set(window, count)
      if (cap === undefined) continue
      fullest_ratio = Math.max(fullest_ratio, count / cap)
      if (count > sold_of(cap)) over_cap.push(`${window}: ${count} of ${cap}, by ${row.event_id}`)
    }
    windows.set(decision, [caps[0][0], caps[1][0]])
  }
  for (const row of routes) {
    const id = `${row.tenant_id} ${row.event_id}`
    if (ids.has(id)) doubled++
    ids.add(id)
    rows[row.status] = (rows[row.status] ?? 0) + 1
    const lead = `${row.tenant_id} ${row.customer_id} ${row.conversation_id}`
    const decision = `${row.tenant_id} ${row.decision_id}`
    if (row.status === 'reserved') {
      if (holder.has(lead)) sold_twice.push(`${id}: ${holder.get(lead)} has it`)
      holder.set(lead, decision)
      reserve(row, decision)
    } else if (row.status === 'released') {
      if (holder.get(lead) !== decision) sold_twice.push(`${id}: given back, but ${holder.get(lead)} has it`)
      holder.delete(lead)
      for (const window of windows.get(decision) ?? []) taken.set(window, (taken.get(window) ?? 0) - 1)
    } else if (row.status === 'confirmed' && holder.get(lead) !== decision)
      sold_twice.push(`${id}: confirmed, but ${holder.get(lead)} has it`)
    last.set(lead, row.status)
  }
  const ended: Record<string, number> = {}
  for (const status of last.values()) ended[status] = (ended[status] ?? 0) + 1
  return { doubled, over_cap, sold_twice, ended, rows, fullest_ratio }
}
