/**
 * Whether the books agree: every query of sql/checks and the sums of payments, ledger and view, asked one after the
 * other in the background while somebody looks.
 *
 * Rows arrive table by table, so a query may see half of what is being inserted. A check without rows holds whenever it
 * was asked. A row is a difference when the same row is there in two looks, further apart than an insert takes, and nothing
 * was behind. Rows that come and go are the insert's; where that cannot be told (counts that move), the last verdict stays,
 * and so does the time of checking. Behind is what this process is behind; in a cluster the two looks are what tells.
 */
import { read_checks } from '../../runtime/clickhouse/migrate.ts'
import type { ServerDeps } from '../server-deps.ts'
import { iso } from './asking.ts'
import type { TrustPanel } from './board.ts'
import { behind_records } from './trust-panel.ts'

export const RECONCILE_EVERY_MS = 60_000
export const LOOK_AGAIN_MS = 3000
/** Where the tables are large, a run takes at most one part of so many of the time. */
const PARTS = 20
const RETRY_MS = 10_000
const ROWS_MAX = 1000
const SENTENCES_MAX = 10
const SENTENCES_OF_A_CHECK = 3

/** Money that moved, by tenant, currency and day, from the events, the ledger and the view. */
const SUMS = `SELECT
    'payments, ledger and revenue_daily differ' AS problem, tenant_id, currency, toString(day) AS day_text,
    sumIf(minor, place = 'payments') AS payments_minor,
    sumIf(minor, place = 'ledger') AS ledger_minor,
    sumIf(minor, place = 'view') AS view_minor
  FROM (
    SELECT
      'payments' AS place, tenant_id, currency, toDate(occurred_at, 'UTC') AS day,
      sum(if(type = 'payment_succeeded', amount_minor, -amount_minor)) AS minor
    FROM payments FINAL WHERE type IN ('payment_succeeded', 'refunded', 'chargeback')
    GROUP BY tenant_id, currency, day
    UNION ALL
    SELECT 'ledger' AS place, tenant_id, currency, toDate(occurred_at, 'UTC') AS day, sum(amount_minor) AS minor
    FROM ledger FINAL GROUP BY tenant_id, currency, day
    UNION ALL
    SELECT 'view' AS place, tenant_id, currency, day, net_minor AS minor
    FROM revenue_daily(as_of = '2299-12-31 00:00:00.000')
  )
  GROUP BY tenant_id, currency, day
  HAVING payments_minor != ledger_minor OR ledger_minor != view_minor`

interface Check {
  readonly name: string
  readonly text: string
}
type Row = Readonly<Record<string, unknown>>
type Verdict = TrustPanel['reconciliation']

export interface Reconciliation {
  /** Somebody looks: a run begins unless one runs or the last is fresh. */
  look(): void
  /** As of the last run, without what is about other tenants. */
  result(tenant: string): Verdict
}

type Deps = Pick<ServerDeps, 'warehouse' | 'clock' | 'logger' | 'worker' | 'sink'>

export const reconciliation = (
  deps: Deps,
  closing: AbortSignal,
  checks: () => readonly Check[] = () => [...read_checks(), { name: 'sums', text: SUMS }],
): Reconciliation => {
  const { clock, logger } = deps
  const found = new Map<string, readonly Row[]>()
  let count = 0
  let checked_ms: number | null = null
  let next_ms = Number.NEGATIVE_INFINITY
  let running = false

  /** Whether every check came to a verdict; never rejects. */
  const run = async (): Promise<boolean> => {
    const list = checks()
    count = list.length
    let complete = true
    for (const check of list) {
      const rows = await judge(deps, check, closing).catch((error: unknown) => {
        if (!closing.aborted) logger.warn({ err: error, check: check.name }, 'a check could not be asked')
        return null
      })
      if (closing.aborted) return false
      if (rows) found.set(check.name, rows)
      else complete = false
    }
    if (complete) checked_ms = clock.now()
    return complete
  }
  return {
    look: () => {
      if (running || closing.aborted || clock.now() < next_ms) return
      running = true
      const began_ms = clock.now()
      void run().then(complete => {
        running = false
        const took_ms = clock.now() - began_ms
        next_ms = clock.now() + Math.max(complete ? RECONCILE_EVERY_MS : RETRY_MS, took_ms * (PARTS - 1))
      })
    },
    result: tenant => verdict(tenant, found, count, checked_ms),
  }
}

const verdict = (
  tenant: string,
  found: ReadonlyMap<string, readonly Row[]>,
  checks: number,
  checked_ms: number | null,
): Verdict => {
  const differences = [...found].flatMap(([name, rows]) => {
    const here = rows.filter(row => row.tenant_id === undefined || row.tenant_id === tenant)
    if (here.length === 0 && rows.length >= ROWS_MAX) return [`${name}: ${ROWS_MAX} rows and more`]
    return here.slice(0, SENTENCES_OF_A_CHECK).map(row => sentence(name, row))
  })
  const exact = checked_ms === null ? 'never' : 'exact'
  return {
    state: differences.length > 0 ? 'differs' : exact,
    checked_at: checked_ms === null ? null : iso(checked_ms),
    checks,
    differences: differences.slice(0, SENTENCES_MAX),
  }
}

const sentence = (check: string, { problem, ...row }: Row): string => {
  const parts = Object.entries(row).map(([name, value]) => `${name} ${String(value)}`)
  return [String(problem ?? check), ...(parts.length > 0 ? [parts.join(', ')] : [])].join(': ')
}

/** The rows that differ, none when the check holds; null when that cannot be told now. */
const judge = async (deps: Deps, check: Check, closing: AbortSignal): Promise<readonly Row[] | null> => {
  const { warehouse, clock } = deps
  const ask = (): Promise<Row[]> =>
    warehouse.query(`SELECT * FROM (\n${check.text.trim().replace(/;$/, '')}\n) LIMIT ${ROWS_MAX}`)
  const first = await ask()
  if (first.length === 0) return first
  await clock.sleep(LOOK_AGAIN_MS, closing)
  if (closing.aborted) return null
  const behind_before = behind_records(deps)
  const again = await ask()
  if (again.length === 0) return again
  const quiet = behind_before === 0 && behind_records(deps) === 0
  const before = new Set(first.map(row => JSON.stringify(row)))
  const stayed = again.filter(row => before.has(JSON.stringify(row)))
  if (quiet && stayed.length > 0) return stayed
  const named_before = new Set(first.map(name_of))
  return again.some(row => named_before.has(name_of(row))) ? null : []
}

/** Counts move while rows arrive, names do not: the same name in both looks may be the same fault. */
const name_of = (row: Row): string =>
  JSON.stringify(Object.entries(row).filter(([, value]) => typeof value === 'string'))
