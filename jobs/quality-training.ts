/**
 * Writes lead_policies to the catalog, every six hours: what buyers' answers of the last 90 days say that the factors of a lead score
 * should weigh and a score is worth. A challenger goes into the shadow (`tenant|shadow`: scored beside, decides nothing), is promoted to
 * the tenant's own when it foretold later answers better than the champion beyond noise, and is taken back when it does worse than
 * what was before. Each step is one entry with its reason; nothing is changed on few answers. How: jobs/quality/.
 */
import type { CatalogEntry } from '../schemas/types.ts'
import { hours } from '../schemas/units.ts'
import type { Job, JobOutput, JobRow } from './job.ts'
import { decide_policy } from './quality/decide-policy.ts'
import { example_of } from './quality/examples.ts'
import { history_of } from './quality/policy-history.ts'

const KIND = 'lead_policies'
const AS_OF = `{as_of:DateTime64(3, 'UTC')}`

const job: Job = {
  name: 'quality-training',
  every_ms: hours(6),
  reads: {
    examples: `SELECT
        tenant_id, decision_id, buyer_id, accepted, price_minor, trusted_ratio, lead_policy_version,
        base_points, behavior_points, timing_points, market_points,
        toUnixTimestamp64Milli(answered_at) AS answered_ms
      FROM quality_example(as_of = ${AS_OF})
      WHERE answered_at >= ${AS_OF} - INTERVAL 90 DAY AND price_minor > 0
      ORDER BY tenant_id, answered_at DESC, decision_id, buyer_id
      LIMIT 20000 BY tenant_id`,
    policies: `SELECT tenant_id, id, toUnixTimestamp64Milli(effective_at) AS effective_ms, argMin(body, _offset) AS body
      FROM catalog FINAL
      WHERE kind = '${KIND}' AND occurred_at < ${AS_OF} AND effective_at < ${AS_OF}
      GROUP BY tenant_id, id, effective_at, revision
      ORDER BY effective_at, revision, tenant_id, id`,
  },
  writes: ['catalog'],
  run: ({ examples = [], policies = [] }, as_of) => {
    const by_tenant = new Map<string, JobRow[]>()
    for (const row of examples) {
      const rows = by_tenant.get(String(row.tenant_id)) ?? []
      rows.push(row)
      by_tenant.set(String(row.tenant_id), rows)
    }
    return [...by_tenant].flatMap(([tenant_id, rows]) => train(tenant_id, rows, policies, as_of))
  },
}
export default job

const train = (
  tenant_id: string,
  rows: readonly JobRow[],
  policies: readonly JobRow[],
  as_of: number,
): JobOutput[] => {
  const history = history_of(tenant_id, policies)
  const examples = rows.map(row => example_of(row, history.versions))
  const decision = decide_policy(examples, history, as_of)
  if (!decision) return []
  const id = decision.as === 'shadow' ? `${tenant_id}|shadow` : tenant_id
  const row: CatalogEntry = {
    event_id: `${KIND}|${id}|${as_of}`,
    tenant_id,
    occurred_at: as_of,
    kind: KIND,
    id,
    effective_at: as_of,
    revision: 0,
    body: JSON.stringify(decision.body),
  }
  return [{ topic: 'catalog', row: { ...row } }]
}
