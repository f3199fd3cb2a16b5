/** What a tenant's money is shown in. */
import type { Warehouse } from '../../runtime/ports.ts'
import { instant_text } from './asking.ts'

/** What is shown of a tenant that has neither said its currency nor moved money. */
export const CURRENCY = 'USD'

/** The catalog's word, the tenant's own before that for all; else the currency of most movements. */
const CURRENCY_SQL = `SELECT
    (
      SELECT JSONExtractString(argMax(body, (tenant_id != '*', effective_at, revision)), 'currency')
      FROM catalog FINAL
      WHERE kind = 'tenants' AND id = {tenant:String} AND tenant_id IN ({tenant:String}, '*')
        AND effective_at <= {as_of:DateTime64(3, 'UTC')}
    ) AS said,
    (
      SELECT currency FROM ledger WHERE tenant_id = {tenant:String}
      GROUP BY currency ORDER BY count() DESC, currency LIMIT 1
    ) AS used`

/** `current` is what was said before, null at first. */
export const tenant_currency = async (
  query: Warehouse['query'],
  {
    tenant,
    now_ms,
    current,
  }: { readonly tenant: string; readonly now_ms: number; readonly current: string | null },
): Promise<string> => {
  const params = { tenant, as_of: instant_text(now_ms) }
  const [row] = await query<{ said: string | null; used: string | null }>(CURRENCY_SQL, params)
  // Two currencies that are used about as much must not take turns while somebody looks.
  const used = current === null || current === CURRENCY ? row?.used : current
  return row?.said || used || CURRENCY
}
