/**
 * The same money read from four places: the log as judged, the ledger topic, the operators' state and the
 * view. Sums are signed minor units by tenant, currency and UTC day.
 */
import { type App, declared_topic, partitions_of } from '../runtime/app.ts'
import { read_batch } from '../runtime/batch-log.ts'
import { body_reader } from '../runtime/bodies.ts'
import { tenant_of } from '../runtime/keys.ts'
import type { Log, Registry, StateStore, Warehouse } from '../runtime/ports.ts'
import { state_reader } from '../runtime/read-state.ts'
import { newest, scan } from '../runtime/scan.ts'
import { dead_letter_id } from '../runtime/verdicts.ts'
import { batch_log_topic } from '../schemas/topics.ts'
import type { RevenueDay } from '../schemas/types.ts'

export interface Places {
  readonly app: App
  readonly log: Log
  readonly registry: Registry
  readonly store: StateStore
  readonly warehouse: Pick<Warehouse, 'query'>
}

/** `tenant|currency|2026-01-31` -> minor units. */
export type Sums = Map<string, number>
export const PLACES = ['log', 'ledger', 'state', 'view'] as const
export type Place = (typeof PLACES)[number]

/** One movement of money as a place has it. */
export interface Movement {
  readonly tenant_id: string
  readonly customer_id: string
  /** event_id of the payments event. */
  readonly event_id: string
  readonly currency: string
  readonly occurred_at: number
  readonly amount_minor: number
}

const DAY_MS = 86_400_000
const GROUP = 'customer'
const PIPELINE = 'revenue-ledger'
const SIGNS: Readonly<Record<string, 1 | -1>> = { payment_succeeded: 1, refunded: -1, chargeback: -1 }

const day_text = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10)
export const cell_of = ({ tenant_id, currency, occurred_at }: Movement): string =>
  `${tenant_id}|${currency}|${day_text(Math.floor(occurred_at / DAY_MS))}`

const add = (sums: Sums, cell: string, amount: number): void => {
  const sum = (sums.get(cell) ?? 0) + amount
  if (!Number.isSafeInteger(sum)) throw new RangeError(`the sum of ${cell} is larger than 2^53`)
  sums.set(cell, sum)
}

/**
 * Visits the payments that a task has judged and not left out, and that move money; partition by partition.
 */
export const visit_log = async (
  { app, log, registry }: Places,
  visit: (movement: Movement) => void,
): Promise<void> => {
  const read = body_reader(registry)
  const topics = Object.keys(app.topics).filter(topic => declared_topic(app, topic) === 'payments')
  for (let partition = 0; partition < partitions_of(app, 'payments'); partition++) {
    const { by_topic, settled } = await judged(log, topics, partition)
    for (const [topic, { ranges, left_out }] of by_topic) {
      const [first] = ranges
      if (!first) continue
      let at = 0
      await scan(log, { topic, partition }, first.from, async ({ offset, value, redrive }) => {
        while (at < ranges.length && offset >= ranges[at]!.to) at++
        const range = ranges[at]
        if (!range || offset < range.from || left_out.has(offset) || !value) return
        if (redrive && (redrive.pipeline !== PIPELINE || settled.has(redrive.dead_letter_id))) return
        const row = (await read(value)) as unknown as Movement & { readonly type: string }
        const sign = SIGNS[row.type]
        if (sign) visit({ ...row, amount_minor: sign * row.amount_minor })
      })
    }
  }
}

/**
 * What the tasks took, by topic, and the dead letters that a rebuild has settled: their records are taken where they stand.
 * A record that failed in some pipeline moved money all the same, unless it was the ledger's pipeline.
 */
const judged = async (log: Log, topics: readonly string[], partition: number) => {
  const by_topic = new Map(
    topics.map(topic => {
      const ranges: { from: number; to: number }[] = []
      return [topic, { ranges, left_out: new Set<number>(), failed: new Set<number>() }] as const
    }),
  )
  const settled = new Set<string>()
  await scan(log, { topic: batch_log_topic(GROUP), partition }, 0, ({ value }) => {
    if (!value) return
    const batch = read_batch(value)
    if (batch.kind === 'rebuilt')
      for (const [topic, { failed }] of by_topic) {
        for (const offset of failed) settled.add(dead_letter_id(topic, partition, offset, PIPELINE))
        failed.clear()
      }
    for (const { topic, from, to } of batch.ranges) by_topic.get(topic)?.ranges.push({ from, to })
    for (const { topic, offset, outcome, pipelines } of batch.left_out)
      if (outcome === 'redriven') continue
      else if (outcome !== 'failed') by_topic.get(topic)?.left_out.add(offset)
      else if (pipelines.includes(PIPELINE)) by_topic.get(topic)?.failed.add(offset)
  })
  for (const { left_out, failed } of by_topic.values()) for (const offset of failed) left_out.add(offset)
  return { by_topic, settled }
}

/** Visits every row of the ledger topic. */
export const visit_ledger = async (
  { app, log, registry }: Places,
  visit: (movement: Movement) => void,
): Promise<void> => {
  const read = body_reader(registry)
  for (let partition = 0; partition < partitions_of(app, 'ledger'); partition++)
    await scan(log, { topic: 'ledger', partition }, 0, async ({ value }) => {
      if (!value) return
      const row = (await read(value)) as unknown as Movement & { readonly cause_event_id: string }
      visit({ ...row, event_id: row.cause_event_id })
    })
}

/** Visits the totals that each customer's checkpointed state holds, by cell. */
export const visit_state = async (
  { app, store }: Places,
  visit: (cell: string, customer_id: string, amount_minor: number) => void,
): Promise<void> => {
  const read = state_reader(app)
  for (let partition = 0; partition < partitions_of(app, 'payments'); partition++)
    for await (const [key, fields] of store.scan({ app: app.name, group: GROUP, partition })) {
      const tenant = tenant_of(key)
      for (const [node, held] of Object.entries(read(fields))) {
        if (!node.startsWith(`${PIPELINE}/`) || !('slots' in held)) continue
        for (const [slot, value] of Object.entries(held.slots ?? {})) {
          const [currency, day] = slot.split('|')
          const { gross_minor, refunds_minor } = value as RevenueDay
          visit(
            `${tenant}|${currency}|${day_text(Number(day))}`,
            key.slice(tenant.length + 1),
            gross_minor - refunds_minor,
          )
        }
      }
    }
}

/**
 * Notes how far the tasks and the ledger topic are; the function returned says which checkpoint or insert is not
 * there yet, null when all are. Cheap: it reads no events.
 */
export const to_follow = async (places: Places): Promise<() => Promise<string | null>> => {
  const { app, log, store, warehouse } = places
  const partitions = Array.from({ length: partitions_of(app, 'ledger') }, (_, partition) => partition)
  const goals = await Promise.all(
    partitions.map(async partition => ({
      partition,
      seq: await newest(log, { topic: batch_log_topic(GROUP), partition }, batch_seq),
      offset: await newest(log, { topic: 'ledger', partition }, ({ value, offset }) => value && offset),
    })),
  )
  return async () => {
    for (const { partition, seq } of goals) {
      if (seq === null) continue
      const header = await store.header({ app: app.name, group: GROUP, partition })
      if ((header?.seq ?? 0) < seq) return `task ${GROUP}/${partition} has batches to be checkpointed`
    }
    const rows = await warehouse.query<{ partition: number; newest: number }>(
      'SELECT _partition AS partition, max(_offset) AS newest FROM ledger GROUP BY _partition',
    )
    const inserted = new Map(rows.map(row => [row.partition, row.newest]))
    const behind = goals.find(
      goal => goal.offset !== null && (inserted.get(goal.partition) ?? -1) < goal.offset,
    )
    return behind ? `rows of ledger/${behind.partition} are to be inserted` : null
  }
}

const batch_seq = ({ value }: { readonly value: Buffer | null }): number | null => {
  const batch = value && read_batch(value)
  return batch?.kind === 'batch' ? batch.seq : null
}

/** What analysts are told. */
const view_sums = async ({ warehouse }: Places): Promise<Sums> => {
  const rows = await warehouse.query<{ tenant_id: string; day: string; currency: string; net_minor: number }>(
    `SELECT tenant_id, toString(day) AS day, currency, net_minor
     FROM revenue_daily(as_of = '2200-01-01 00:00:00')`,
  )
  return new Map(rows.map(row => [`${row.tenant_id}|${row.currency}|${row.day}`, row.net_minor]))
}

/** Rows of the ledger table in one cell. */
export const table_movements = async ({ warehouse }: Places, cell: string): Promise<Movement[]> => {
  const [tenant, currency, day] = cell.split('|')
  return warehouse.query<Movement>(
    `SELECT tenant_id, customer_id, cause_event_id AS event_id, currency,
            toUnixTimestamp64Milli(occurred_at) AS occurred_at, amount_minor
     FROM ledger FINAL
     WHERE tenant_id = {tenant:String} AND currency = {currency:String}
       AND toDate(ledger.occurred_at, 'UTC') = {day:Date}`,
    { tenant, currency, day },
  )
}

export interface Reading {
  readonly sums: Readonly<Record<Place, Sums>>
  /** Movements of money seen in the log and in the ledger, by cell: rows of amount 0 count too. */
  readonly counts: Readonly<Record<'log' | 'ledger', Sums>>
}

/** Reads all four once. */
export const read_places = async (places: Places): Promise<Reading> => {
  const sums = { log: new Map() as Sums, ledger: new Map() as Sums, state: new Map() as Sums }
  const counts = { log: new Map() as Sums, ledger: new Map() as Sums }
  const into = (place: 'log' | 'ledger') => (movement: Movement) => {
    add(sums[place], cell_of(movement), movement.amount_minor)
    add(counts[place], cell_of(movement), 1)
  }
  await visit_log(places, into('log'))
  await visit_ledger(places, into('ledger'))
  await visit_state(places, (cell, _, amount) => add(sums.state, cell, amount))
  return { sums: { ...sums, view: await view_sums(places) }, counts }
}

/** Cells that are not the same everywhere, in order. */
export const differing_cells = ({ sums, counts }: Reading): string[] => {
  const cells = new Set(PLACES.flatMap(place => [...sums[place].keys()]))
  const differs = (cell: string): boolean =>
    PLACES.some(place => (sums[place].get(cell) ?? 0) !== (sums.log.get(cell) ?? 0)) ||
    (counts.log.get(cell) ?? 0) !== (counts.ledger.get(cell) ?? 0)
  return [...cells].filter(differs).sort()
}

/** The first event (or customer) in which the places differ within a cell, as a sentence. */
export const first_difference = async (places: Places, cell: string): Promise<string> => {
  const of_cell: Movement[] = []
  await visit_log(places, movement => {
    if (cell_of(movement) === cell) of_cell.push(movement)
  })
  const ledger: Movement[] = []
  await visit_ledger(places, movement => {
    if (cell_of(movement) === cell) ledger.push(movement)
  })
  const by_state = new Map<string, number>()
  await visit_state(places, (at, customer, amount) => {
    if (at === cell) by_state.set(customer, (by_state.get(customer) ?? 0) + amount)
  })
  return (
    compare(of_cell, ledger, 'the log', 'the ledger topic') ??
    compare(ledger, await table_movements(places, cell), 'the ledger topic', 'the ledger table') ??
    compare_customers(ledger, by_state) ??
    'every event agrees: only the view differs'
  )
}

const compare = (
  left: readonly Movement[],
  right: readonly Movement[],
  left_name: string,
  right_name: string,
) => {
  const id_of = ({ customer_id, event_id }: Movement): string => `${customer_id}|${event_id}`
  const amounts = (movements: readonly Movement[]) => {
    const by_id = new Map<string, { amount: number; times: number }>()
    for (const movement of movements) {
      const known = by_id.get(id_of(movement)) ?? { amount: 0, times: 0 }
      by_id.set(id_of(movement), { amount: known.amount + movement.amount_minor, times: known.times + 1 })
    }
    return by_id
  }
  const [in_left, in_right] = [amounts(left), amounts(right)]
  for (const movement of [...left, ...right]) {
    const [a, b] = [in_left.get(id_of(movement)), in_right.get(id_of(movement))]
    if (a?.amount === b?.amount && a?.times === b?.times) continue
    const told = (side: typeof a) => (side ? `${side.amount} minor units in ${side.times} rows` : 'nothing')
    const { event_id, customer_id } = movement
    const event = `event ${event_id} of customer ${customer_id}`
    return `${event}: ${left_name} has ${told(a)}, ${right_name} has ${told(b)}`
  }
  return null
}

const compare_customers = (
  ledger: readonly Movement[],
  by_state: ReadonlyMap<string, number>,
): string | null => {
  const by_ledger = new Map<string, { sum: number; last: string }>()
  for (const { customer_id, amount_minor, event_id } of ledger)
    by_ledger.set(customer_id, { sum: (by_ledger.get(customer_id)?.sum ?? 0) + amount_minor, last: event_id })
  for (const customer of new Set([...by_ledger.keys(), ...by_state.keys()])) {
    const [a, b] = [by_ledger.get(customer), by_state.get(customer) ?? 0]
    if ((a?.sum ?? 0) === b) continue
    const of_customer = `customer ${customer} (last event ${a?.last ?? 'none'})`
    return `${of_customer}: the ledger has ${a?.sum ?? 0} minor units, the state ${b}`
  }
  return null
}
