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

/**
 * Rows {tenant_id, id, effective_ms, body} of kind lead_policies, in the order in which they take effect, of this tenant, of all
 * (tenant *) and of others, which do not count. A body of null takes back what held; bodies not believed are left out.
 */
export const history_of = (tenant_id: string, rows: readonly JobRow[]): PolicyHistory => {
  const versions = new Map([
    ['lead-0', read_lead_policy({ version: 'lead-0', base: 'lead-0', reason: '' }).policy],
  ])
  // As the catalog is looked up: by id, and of one id what the tenant itself was told goes before what all were.
  const places = (id: string): string[] => [`${id}|${tenant_id}`, `${id}|*`]
  const of_champion = [...places(tenant_id), ...places('*')]
  const of_shadow = places(`${tenant_id}|shadow`)
  const newest = new Map<string, PolicyEntry | null>([...of_champion, ...of_shadow].map(at => [at, null]))
  const first = (of: readonly string[]): PolicyEntry | null =>
    of.map(at => newest.get(at) ?? null).find(entry => entry !== null) ?? null
  const held = [BUILT_IN]
  for (const row of rows) {
    const at = `${row.id}|${row.tenant_id}`
    const entry = newest.has(at) ? entry_of(row) : undefined
    if (entry === undefined) continue
    newest.set(at, entry)
    if (entry) versions.set(entry.policy.version, entry.policy)
    const holds = first(of_champion) ?? BUILT_IN
    if (holds.body !== held.at(-1)!.body) held.push({ ...holds, effective_ms: Number(row.effective_ms) })
  }
  const champion = held.at(-1)!
  const shadow = first(of_shadow)
  return {
    champion,
    before: held.findLast(({ body }) => body.version !== champion.body.version) ?? null,
    shadow: shadow && shadow.effective_ms > champion.effective_ms ? shadow : null,
    versions,
  }
}

/** Null of an entry that takes back what held; undefined of one that is not believed. */
const entry_of = ({ effective_ms, body }: JobRow): PolicyEntry | null | undefined => {
  let parsed: unknown
  try {
    parsed = JSON.parse(String(body))
  } catch {
    return undefined
  }
  if (parsed === null) return null
  const { policy, problem } = read_lead_policy(parsed)
  if (problem !== null) return undefined
  return { effective_ms: Number(effective_ms), body: parsed as PolicyBody, policy }
}
