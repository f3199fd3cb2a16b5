/** The tenants of which events are known: asked of the warehouse, at most every ten seconds. */
import { unavailable } from '../refusals.ts'
import type { ServerDeps } from '../server-deps.ts'

const FRESH_MS = 10_000
const SQL = `SELECT DISTINCT tenant_id FROM (
  SELECT DISTINCT tenant_id FROM ledger
  UNION ALL SELECT DISTINCT tenant_id FROM touchpoints
  UNION ALL SELECT DISTINCT tenant_id FROM conversations
) ORDER BY tenant_id`

/** By name. Throws a 503 refusal when they were never read. */
export const known_tenants = ({
  warehouse,
  clock,
  logger,
}: Pick<ServerDeps, 'warehouse' | 'clock' | 'logger'>): (() => Promise<readonly string[]>) => {
  let known: { readonly tenants: readonly string[]; readonly at_ms: number } | null = null
  let running: Promise<void> | null = null
  const ask = async (): Promise<void> => {
    try {
      const rows = await warehouse.query<{ tenant_id: string }>(SQL)
      known = { tenants: rows.map(row => row.tenant_id), at_ms: clock.now() }
    } catch (error) {
      logger.warn({ err: error }, 'the tenants could not be read')
    } finally {
      running = null
    }
  }
  return async () => {
    if (!known || clock.now() - known.at_ms >= FRESH_MS) {
      running ??= ask()
      await running
    }
    if (!known) throw unavailable('the warehouse does not answer')
    return known.tenants
  }
}
