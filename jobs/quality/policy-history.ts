/** The lead policies of a tenant as the catalog has them: which holds, which held before, which is tried beside it. */
import { default_lead_policy, type LeadPolicy } from '../../operators/lead/lead-policy.ts'
import { read_lead_policy } from '../../operators/lead/read-policy.ts'
import type { Catalog } from '../../schemas/catalog-kinds.ts'
import type { JobRow } from '../job.ts'

export type PolicyBody = Catalog['lead_policies']
export interface PolicyEntry {
  readonly effective_ms: number
  readonly body: PolicyBody
  readonly policy: LeadPolicy
}
export interface PolicyHistory {
  readonly champion: PolicyEntry
  /** What held before the champion did; null where nothing else did. */
  readonly before: PolicyEntry | null
  /** Null without one that is younger than the champion. */
  readonly shadow: PolicyEntry | null
  /** By version: what examples were scored with. */
  readonly versions: ReadonlyMap<string, LeadPolicy>
}

const BUILT_IN: PolicyEntry = {
  effective_ms: Number.NEGATIVE_INFINITY,
  body: { version: 'lead-1', base: 'lead-1', reason: 'built in' },
  policy: default_lead_policy,
}

/** Rows {id, effective_ms, body} of kind lead_policies, in the order in which they take effect. Bodies not believed are left out. */
export const history_of = (tenant_id: string, rows: readonly JobRow[]): PolicyHistory => {
  const ids = new Set(['*', tenant_id, `${tenant_id}|shadow`])
  const entries = rows.flatMap(row => {
    if (!ids.has(String(row.id))) return []
    const entry = entry_of(row)
    return entry ? [{ id: String(row.id), ...entry }] : []
  })
  const of = (id: string): PolicyEntry[] => entries.filter(entry => entry.id === id)
  // A tenant's own goes before that of all, from its first on.
  const own = of(tenant_id)
  const first_own = own[0]?.effective_ms ?? Number.POSITIVE_INFINITY
  const held = [BUILT_IN, ...of('*').filter(({ effective_ms }) => effective_ms < first_own), ...own]
  const champion = held.at(-1)!
  const shadow = of(`${tenant_id}|shadow`).at(-1) ?? null
  return {
    champion,
    before: held.findLast(({ body }) => body.version !== champion.body.version) ?? null,
    shadow: shadow && shadow.effective_ms > champion.effective_ms ? shadow : null,
    versions: new Map([
      ['lead-0', read_lead_policy({ version: 'lead-0', base: 'lead-0', reason: '' }).policy],
      ...entries.map(({ policy }) => [policy.version, policy] as const),
    ]),
  }
}

const entry_of = ({ effective_ms, body }: JobRow): PolicyEntry | null => {
  let parsed: unknown
  try {
    parsed = JSON.parse(String(body))
  } catch {
    return null
  }
  const { policy, problem } = read_lead_policy(parsed)
  return problem === null ? { effective_ms: Number(effective_ms), body: parsed as PolicyBody, policy } : null
}
