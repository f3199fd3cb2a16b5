/**
 * Bodies of catalog entries by kind, looked at when they come in: an operator that does not believe a body goes on without
 * it and tells nobody, so who sends one is told here. Kinds that are not listed are kept as they are. A body of null takes
 * back what held before.
 */
import { z } from 'zod'
import { alert_rules } from '../operators/alert/alert-rules.ts'
import { read_routes } from '../operators/alert/read-routes.ts'
import { read_rules } from '../operators/alert/read-rules.ts'
import { default_conversation_policy } from '../operators/conversation/conversation-policy.ts'
import { policy_reader } from '../operators/conversation/read-policy.ts'
import { read_lead_policy } from '../operators/lead/read-policy.ts'
import { read_pricing_policy, read_routing_policy } from '../operators/pricing/read-policies.ts'
import type { Row } from '../runtime/emit.ts'
import { refusal } from './refusals.ts'

const BUYERS_MAX = 1000
const AREAS_MAX = 10_000

const name = z.string().min(1).max(256)
const amount = z.int().nonnegative()
const ratio = z.number().min(0).max(1)
const day = z.iso.date()
const table = z.record(z.string(), z.unknown())
const zone = z.string().refine(is_zone, 'is not a time zone (IANA, e.g. America/New_York)')
const area = name.refine(text => text === text.toLowerCase(), 'is in lower case')
const areas = z.array(area).min(1, 'names an area, or is left out for everywhere').max(AREAS_MAX)

function is_zone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}

/** How a reader's problem begins with the field that is to blame. */
const BLAMED = /^(?:version|table|calibration|rules|receivers|routes|mute_times)\b[\w.[\]]*/

/** What the operator that reads a policy does not believe is refused in its words; they begin with the field. */
function believed(read: (body: unknown) => { readonly problem: string | null }) {
  return (body: unknown, context: z.RefinementCtx): void => {
    const { problem } = read(body)
    if (problem === null) return
    const field = BLAMED.exec(problem)?.[0] ?? ''
    const path = field.split(/[.[\]]+/).filter(part => part !== '')
    context.addIssue({ code: 'custom', path, message: problem })
  }
}

const hours = z
  .strictObject({
    from: z.int().min(0).max(24),
    to: z.int().min(0).max(24),
    days: z.array(z.int().min(1).max(7)).min(1),
  })
  .refine(({ from, to }) => from !== to, {
    path: ['to'],
    message: 'is the same hour as from: leave hours out for always (before from: over midnight)',
  })

const buyer = z
  .strictObject({
    buyer_id: name,
    tier: z.enum(['premium', 'standard', 'volume', 'direct']),
    paused: z.boolean().optional(),
    base_minor: amount.optional(),
    floor_minor: amount.optional(),
    ceiling_minor: amount.optional(),
    hourly_cap: amount.optional(),
    daily_cap: amount.optional(),
    zone: zone.optional(),
    hours: hours.optional(),
    areas: areas.optional(),
    // None of them: there is nowhere that it prefers.
    preferred_areas: z.array(area).max(AREAS_MAX).optional(),
    qualities: z
      .array(z.enum(['premium', 'standard', 'basic']))
      .min(1)
      .optional(),
    least_score: z.number().min(0).max(100).optional(),
    suppressed: z.array(name).max(100_000).optional(),
    acceptance_prior: ratio.optional(),
  })
  .refine(one => (one.floor_minor ?? 0) <= (one.ceiling_minor ?? Number.POSITIVE_INFINITY), {
    path: ['floor_minor'],
    message: 'is above ceiling_minor',
  })

const buyers = z.strictObject({
  buyers: z
    .array(buyer)
    .max(BUYERS_MAX)
    .superRefine((all, context) => {
      const seen = new Set<string>()
      for (const [i, { buyer_id }] of all.entries()) {
        if (seen.has(buyer_id))
          context.addIssue({ code: 'custom', path: [i, 'buyer_id'], message: 'is there twice' })
        seen.add(buyer_id)
      }
    }),
})

const lead_policy = z
  .strictObject({
    version: name,
    base: z.enum(['lead-0', 'lead-1']),
    reason: z.string(),
    table: table.optional(),
    calibration: z.array(z.tuple([z.number(), ratio])).optional(),
  })
  .superRefine(believed(read_lead_policy))

const claim = z
  .strictObject({
    tenant_id: name,
    text: z
      .record(z.string(), z.string().min(1))
      .refine(texts => Object.keys(texts).length > 0, 'has a text in one language at least'),
    source: z.string().min(1, 'a claim without a source is never said'),
    from_day: day,
    to_day: day,
    about: z.record(z.string(), z.string()).optional(),
  })
  .refine(({ from_day, to_day }) => from_day < to_day, {
    path: ['to_day'],
    message: 'is the day behind the last one: behind from_day',
  })

const policy = z.strictObject({ version: name, table })
const conversation_policy = policy.superRefine(believed(policy_reader(default_conversation_policy)))
const pricing_policy = policy.superRefine(believed(read_pricing_policy))
const routing_policy = z
  .strictObject({ version: name, score: z.enum(['v1', 'v2']), table: table.optional() })
  .superRefine(believed(read_routing_policy))

/** What a tenant says of a built-in rule. */
export const alert_rule_override = z.strictObject({
  enabled: z.boolean().optional(),
  severity: z.enum(['info', 'low', 'medium', 'high', 'critical']).optional(),
  threshold: z.number().nonnegative().optional(),
  cooldown_ms: amount.optional(),
})
const anything = z.unknown()

const KINDS: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  ['buyers', buyers],
  ['lead_policies', lead_policy],
  ['pricing_policies', pricing_policy],
  ['routing_policies', routing_policy],
  ['conversation_policies', conversation_policy],
  ['claims', claim],
  ['alert_rules', alert_rule_override],
  ['alert_rule_lists', anything.superRefine(believed(read_rules))],
  ['alert_routes', anything.superRefine(believed(read_routes))],
])
const RULE_NAMES: ReadonlySet<string> = new Set(alert_rules.map(rule => rule.name))
/** Kinds whose entries are found by the tenant's name: with another id they would hold for nobody. */
const OF_TENANT = new Set([
  'buyers',
  'lead_policies',
  'pricing_policies',
  'routing_policies',
  'conversation_policies',
  'alert_rule_lists',
  'alert_routes',
])

/** Throws a 400 refusal naming the field where the entry's kind is known and its body is none of that kind. */
export const check_catalog_entry = (row: Row, index?: number): void => {
  const { tenant_id, kind, id, body } = row as Row & Readonly<Record<'kind' | 'id' | 'body', string>>
  const schema = KINDS.get(kind)
  if (!schema) return
  const refused = (field: string, reason: string) =>
    refusal(400, 'INVALID_ROW', reason, { field, ...(index !== undefined && { index }) })
  const ids = [tenant_id, '*', ...(kind === 'lead_policies' ? [`${tenant_id}|shadow`] : [])]
  if (OF_TENANT.has(kind) && tenant_id !== '*' && !ids.includes(id))
    throw refused('id', `of ${kind} it is the tenant: ${ids.map(each => JSON.stringify(each)).join(' or ')}`)
  if (kind === 'alert_rules' && !RULE_NAMES.has(id))
    throw refused(
      'id',
      `names a built-in rule: ${[...RULE_NAMES].join(', ')}; rules of your own are alert_rule_lists`,
    )
  const said: unknown = JSON.parse(body)
  if (said === null) return
  const parsed = schema.safeParse(said)
  if (parsed.success) return
  const issue = parsed.error.issues[0]!
  throw refused(['body', ...issue.path].join('.'), issue.message)
}
