/**
 * Rows of people who wish to be forgotten, out of the warehouse. What is deleted follows from the table `erasures` alone,
 * and rows may come in late or again: so the same deletion is repeated, and does nothing when nothing is left.
 */
import type { Logger } from 'pino'
import { days, hours, minutes } from '../schemas/units.ts'
import type { App } from './app.ts'
import type { Clock, Warehouse } from './ports.ts'

/** Between two looks for new wishes. Those of a week are looked through again every hour, all of them every day. */
const LOOK_MS = minutes(1)
const AGAIN_MS = hours(1)
const FOR_MS = days(7)
const ALL_MS = days(1)
/** Keys in one statement. */
const AT_ONCE = 200

interface Wish {
  readonly key: string
  readonly tenant_id: string
  readonly customer_id: string | null
  readonly until: string
}

/** A table, and the column that tells whose a row is. */
interface Target {
  readonly table: string
  readonly column: '_key' | 'customer_id'
}

/** Tables with rows of single people: keyed by them, or naming them. */
export const erasable_tables = (app: App): Target[] =>
  Object.entries(app.topics).flatMap(([table, spec]): Target[] => {
    if (!spec.table || spec.of || spec.kept_on_erasure) return []
    const { fields } = app.schemas[spec.schema] as { fields: readonly { name: string }[] }
    const has = (name: string) => fields.some(field => field.name === name)
    if (!has('occurred_at')) return []
    if (spec.keyed_by === 'customer') return [{ table, column: '_key' }]
    return has('customer_id') ? [{ table, column: 'customer_id' }] : []
  })

const text = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
const list = (values: readonly string[]): string => `[${values.map(text).join(', ')}]`

/** The rows of some people up to their wish; `who` and `until` pair up. */
const condition = ({ column }: Target, wishes: readonly Wish[]): string => {
  const named = column === '_key' ? wishes : wishes.filter(wish => wish.customer_id !== null)
  const who = named.map(wish => (column === '_key' ? wish.key : `${wish.tenant_id}|${wish.customer_id}`))
  const whose = column === '_key' ? '_key' : "concat(tenant_id, '|', customer_id)"
  // Everybody else's is a time, too: which side of AND is looked at first is the warehouse's affair.
  const until = `transform(${whose}, ${list(who)}, ${list(named.map(wish => wish.until))}, '1970-01-01 00:00:00')`
  return who.length === 0
    ? '0'
    : `${whose} IN (${who.map(text).join(', ')}) AND occurred_at <= parseDateTime64BestEffort(${until}, 3, 'UTC')`
}

const wishes_since = async (warehouse: Warehouse, since_ms: number): Promise<Wish[]> =>
  warehouse.query<Wish & Record<string, unknown>>(
    `SELECT _key AS key, any(tenant_id) AS tenant_id, any(customer_id) AS customer_id,
       toString(max(occurred_at)) AS until
     FROM erasures FINAL GROUP BY _key HAVING max(occurred_at) >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
     ORDER BY _key`,
    { since: Math.max(0, since_ms) },
  )

/** Deletes what is there of these people, table by table. Resolves to the rows found, by table. */
export const erase_rows = async (
  { app, warehouse }: { readonly app: App; readonly warehouse: Warehouse },
  since_ms: number,
): Promise<ReadonlyMap<string, number>> => {
  const found = new Map<string, number>()
  const wishes = await wishes_since(warehouse, since_ms)
  for (let from = 0; from < wishes.length; from += AT_ONCE)
    for (const target of erasable_tables(app)) {
      const where = condition(target, wishes.slice(from, from + AT_ONCE))
      const [counted] = await warehouse.query<{ rows: number }>(
        `SELECT count() AS rows FROM ${target.table} WHERE ${where}`,
      )
      const rows = Number(counted?.rows ?? 0)
      if (rows === 0) continue
      await warehouse.command(`DELETE FROM ${target.table} WHERE ${where}`)
      found.set(target.table, (found.get(target.table) ?? 0) + rows)
    }
  return found
}

/** Works until the signal aborts. Run by one process: whoever holds the sink's first partition. */
export const keep_erasing = async (
  deps: { readonly app: App; readonly warehouse: Warehouse; readonly clock: Clock; readonly logger: Logger },
  signal: AbortSignal,
): Promise<void> => {
  const { app, clock, logger } = deps
  if (!Object.values(app.topics).some(spec => spec.erases)) return
  let looked_ms = Number.NEGATIVE_INFINITY
  let again_ms = Number.NEGATIVE_INFINITY
  let all_ms = Number.NEGATIVE_INFINITY
  while (!signal.aborted) {
    await clock.sleep(LOOK_MS, signal)
    if (signal.aborted) return
    const now = clock.now()
    // A wish comes when it comes, perhaps with a time of long ago; and a rebuild writes rows of long ago.
    const all = now - all_ms >= ALL_MS
    const again = all || now - again_ms >= AGAIN_MS
    const since = all ? 0 : again ? now - FOR_MS : looked_ms - AGAIN_MS
    try {
      for (const [table, rows] of await erase_rows(deps, since))
        logger.info({ table, rows }, 'rows are erased')
      looked_ms = now
      if (again) again_ms = now
      if (all) all_ms = now
    } catch (error) {
      logger.debug({ err: error }, 'erasing waits for the warehouse')
    }
  }
}
