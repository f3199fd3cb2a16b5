/** The board as JSON schema, for /openapi.json; a test holds it to what the route sends. */

type Schema = Readonly<Record<string, unknown>>

const whole = { type: 'integer' }
const money = { type: 'integer', description: 'Minor units of the board’s currency.' }
const money_or_null = { ...money, type: ['integer', 'null'] }
const ratio = { type: 'number' }
const text = { type: 'string' }
const text_or_null = { type: ['string', 'null'] }
const instant = { type: 'string', format: 'date-time' }
const instant_or_null = { ...instant, type: ['string', 'null'] }
const day = { type: 'string', format: 'date' }
const one_of = (...words: string[]): Schema => ({ type: 'string', enum: words })
const list = (items: Schema, description?: string): Schema => ({
  type: 'array',
  items,
  ...(description && { description }),
})
const object = (properties: Readonly<Record<string, Schema>>, description?: string): Schema => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
  ...(description && { description }),
})
const panel = (description: string, properties: Readonly<Record<string, Schema>>): Schema =>
  object(
    {
      asked_at: { ...instant, description: 'The instant the panel is as of.' },
      took_ms: whole,
      ...properties,
    },
    description,
  )

const revenue = panel('Net revenue today, of the last hour, week and month.', {
  today_minor: money,
  yesterday_so_far_minor: money,
  hour_minor: money,
  week_minor: money,
  month_minor: money,
  payments_today: whole,
  minutes: list(object({ at: instant, net_minor: money }), 'The last hour in buckets of five minutes.'),
  hours: list(object({ hour: whole, net_minor: money_or_null, usual_minor: money_or_null })),
})

const conversations = panel('Active conversations and the newest leads with score and price.', {
  active: whole,
  today: whole,
  tiers: object({ premium: whole, standard: whole, basic: whole, unqualified: whole }),
  newest: list(
    object({
      conversation_id: text,
      customer_id: text,
      at: instant,
      total_score: ratio,
      quality_tier: text,
      price_minor: money_or_null,
      revenue_per_minute_minor: money_or_null,
      recommendation: text_or_null,
    }),
  ),
})

const leads = panel('Leads that were for sale today, and the newest with buyer, price and its terms.', {
  today: object({ reserved: whole, confirmed: whole, queued: whole, unsold: whole }),
  sold_minor: money,
  newest: list(
    object({
      conversation_id: text,
      customer_id: text,
      at: instant,
      total_score: ratio,
      quality_tier: text,
      status: one_of('quoted', 'reserved', 'confirmed', 'released', 'queued', 'unsold'),
      buyer_id: text_or_null,
      price_minor: money_or_null,
      expected_revenue_minor: money_or_null,
      terms: list(object({ term: text, ratio })),
      reason: text,
    }),
  ),
})

const buyers = panel('Who buys leads: use of caps, leads and revenue of 30 days, and how they answered.', {
  rows: list(
    object({
      buyer_id: text,
      tier: text,
      paused: { type: 'boolean' },
      capped: { type: ['boolean', 'null'] },
      utilization_ratio: { type: ['number', 'null'] },
      daily_cap: { type: ['integer', 'null'] },
      leads: whole,
      revenue_minor: money,
      answers: whole,
      accepted: whole,
    }),
  ),
})

const coaching = panel('Advice of today, and the policies that decided in the last 24 hours.', {
  advice: list(
    object({
      code: text,
      title: text,
      given: whole,
      held_out: whole,
      effect: {
        anyOf: [
          object({
            difference_ratio: ratio,
            low_ratio: ratio,
            high_ratio: ratio,
            verdict: one_of('helps', 'harms', 'not shown'),
          }),
          { type: 'null' },
        ],
        description:
          'How many more conversations end qualified with it than without, as chance told them apart.',
      },
    }),
  ),
  policies: list(
    object({
      kind: one_of('lead', 'conversation', 'price and route'),
      version: text,
      decided: whole,
      at: instant,
      reason: text_or_null,
    }),
  ),
})

const channels = panel('Revenue of the last 30 days by channel and attribution model, and what it cost.', {
  lookback_days: whole,
  half_life_days: ratio,
  total_minor: money,
  models: list(text),
  credits: list(
    object({ model: text, channel: text, credit_minor: money, conversions: ratio, cost_minor: money }),
  ),
})

const forecast = panel('Daily net revenue and what each method says of the coming days.', {
  history: list(object({ day, net_minor: money })),
  methods: list(
    object({
      method: text,
      error_ratio: { type: ['number', 'null'], description: 'Mean error of the backtest (sMAPE), 0 to 2.' },
      chosen: { type: 'boolean', description: 'The mix of all methods, weighted by how they did before.' },
      days: list(object({ day, value_minor: money, lower_minor: money, upper_minor: money })),
    }),
  ),
  interval_ratio: ratio,
})

const alert = object({
  event_id: text,
  at: instant,
  fingerprint: text,
  rule: text,
  severity: one_of('info', 'low', 'medium', 'high', 'critical'),
  status: one_of('firing', 'resolved', 'acknowledged', 'pending'),
  title: text,
  description: text,
  dimension: text,
  started_at: instant,
  suppressed: whole,
  money_at_risk_minor: { type: ['integer', 'null'], description: 'Minor units of money_currency.' },
  money_currency: text_or_null,
  contributor: text_or_null,
  contributor_share: { type: ['number', 'null'] },
  inhibited_by: text_or_null,
  silenced_by: text_or_null,
  acknowledged_by: text_or_null,
  escalation: whole,
  recurrences: whole,
  reason: text,
})
const alerts = panel('Open alerts, and what was said of alerts.', {
  firing: whole,
  open: list(alert, 'Firing or acknowledged, by their newest word: the worst first.'),
  rows: list(alert, 'What was said, newest first.'),
})

const trust = panel('How far behind the numbers are, and whether the books agree.', {
  newest_payment_at: instant_or_null,
  behind_records: whole,
  inserted_at: instant_or_null,
  reconciliation: object({
    state: one_of('exact', 'differs', 'never'),
    checked_at: instant_or_null,
    checks: whole,
    differences: list(text),
  }),
})

export const board_schema = object({
  tenant_id: text,
  currency: text,
  currency_exponent: { type: 'integer', description: 'Digits behind the point.' },
  revenue,
  conversations,
  leads,
  buyers,
  coaching,
  channels,
  forecast,
  alerts,
  trust,
})
