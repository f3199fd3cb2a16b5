/**
 * What advice today's conversations were given, what it was measured to cause, and which policies decided in the last 24 hours.
 * The effect is of all conversations there ever were, so it changes slowly and takes long: it is asked again after minutes.
 */
import { minutes } from '../../schemas/units.ts'
import type { Asking } from './asking.ts'
import { iso_of } from './asking.ts'
import type { CoachingPanel, Panel } from './board.ts'

const OF_TENANT = `FINAL WHERE tenant_id = {tenant:String} AND occurred_at < {as_of:DateTime64(3, 'UTC')}`
const SINCE_YESTERDAY = `occurred_at >= {as_of:DateTime64(3, 'UTC')} - INTERVAL 24 HOUR`

/** A conversation counts once for each advice, given or held back. */
const ADVICE = `SELECT
    each.1 AS code, max(each.2) AS said_title,
    uniqExactIf((customer_id, conversation_id), each.3) AS given,
    uniqExactIf((customer_id, conversation_id), NOT each.3) AS held_out
  FROM (
    SELECT customer_id, conversation_id, arrayJoin(arrayConcat(
      arrayMap(r -> (r.1, r.2, true), recommendations), arrayMap(c -> (c, '', false), conversation_metrics.held_out)
    )) AS each
    FROM conversation_metrics ${OF_TENANT} AND occurred_at >= toStartOfDay({as_of:DateTime64(3, 'UTC')})
  )
  GROUP BY code ORDER BY given DESC, code LIMIT 8`

const EFFECT_EVERY_MS = minutes(10)
/** Only where chance held some of it back is there an effect to measure. */
const EFFECT = `SELECT rule, difference, difference_low, difference_high, verdict
  FROM conversation_coaching_effect(as_of = {as_of:DateTime64(3, 'UTC')})
  WHERE tenant_id = {tenant:String}`
const ANY_HELD_OUT = `SELECT count() AS rows FROM (
    SELECT 1 FROM conversation_metrics
    WHERE tenant_id = {tenant:String} AND occurred_at < {as_of:DateTime64(3, 'UTC')} AND notEmpty(held_out) LIMIT 1
  )`

const versions = (kind: string, table: string) => `SELECT
    '${kind}' AS kind, policy_version AS version, count() AS decided, max(occurred_at) AS at
  FROM ${table} ${OF_TENANT} AND ${SINCE_YESTERDAY} AND policy_version != ''
  GROUP BY version`
const POLICIES = `SELECT kind, version, decided, toString(at) AS at_text FROM (
    ${versions('lead', 'lead_scores')}
    UNION ALL ${versions('conversation', 'conversation_metrics')}
    UNION ALL ${versions('price and route', 'routes')}
  )
  ORDER BY kind = 'lead' DESC, kind, at DESC, version`

/** Lead policies say why they are there. */
const REASONS = `SELECT
    JSONExtractString(body, 'version') AS version, argMax(JSONExtractString(body, 'reason'), effective_at) AS reason
  FROM catalog FINAL
  WHERE kind = 'lead_policies' AND tenant_id IN ({tenant:String}, '*')
    AND effective_at <= {as_of:DateTime64(3, 'UTC')}
  GROUP BY version`

interface AdviceRow {
  readonly code: string
  readonly said_title: string
  readonly given: number
  readonly held_out: number
}
interface PolicyRow {
  readonly kind: CoachingPanel['policies'][number]['kind']
  readonly version: string
  readonly decided: number
  readonly at_text: string
}

type Effect = NonNullable<CoachingPanel['advice'][number]['effect']>
type Effects = ReadonlyMap<string, Effect>
type Ask = (asking: Asking) => Promise<Omit<CoachingPanel, keyof Panel>>

const ask_effects = async (asking: Asking): Promise<Effects> => {
  const [held] = await asking.query<{ rows: number }>(ANY_HELD_OUT)
  if (!held?.rows) return new Map()
  type EffectRow = { readonly rule: string; readonly verdict: Effect['verdict'] } & Readonly<
    Record<'difference' | 'difference_low' | 'difference_high', number>
  >
  const rows = await asking.query<EffectRow>(EFFECT)
  return new Map(
    rows.map(({ rule, difference, difference_low, difference_high, verdict }) => [
      rule,
      {
        difference_ratio: difference,
        low_ratio: difference_low,
        high_ratio: difference_high,
        verdict,
      },
    ]),
  )
}

/** Without memory: the effect is asked too. */
export const ask_coaching: Ask = asking => remember_coaching()(asking)

/** For one tenant's board. */
export const remember_coaching = (): Ask => {
  let known: { readonly asked_ms: number; readonly effects: Effects } | null = null
  return async asking => {
    if (!known || asking.now_ms - known.asked_ms >= EFFECT_EVERY_MS)
      known = { asked_ms: asking.now_ms, effects: await ask_effects(asking) }
    return ask_panel(asking, known.effects)
  }
}

const ask_panel = async (asking: Asking, effects: Effects): Promise<Omit<CoachingPanel, keyof Panel>> => {
  const advice = await asking.query<AdviceRow>(ADVICE)
  const policies = await asking.query<PolicyRow>(POLICIES)
  const reasons = await asking.query<{ version: string; reason: string }>(REASONS)
  const why = new Map(reasons.map(({ version, reason }) => [version, reason]))
  return {
    advice: advice.map(({ said_title, ...row }) => ({
      ...row,
      title: said_title || row.code,
      effect: effects.get(row.code) ?? null,
    })),
    policies: policies.map(({ at_text, ...row }) => ({
      ...row,
      at: iso_of(at_text),
      reason: (row.kind === 'lead' && why.get(row.version)) || null,
    })),
  }
}
