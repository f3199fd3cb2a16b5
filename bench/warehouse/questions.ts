/** What is asked: the page's panels as the server asks them, and what analysts ask of the views. */
import type { Warehouse } from '../../runtime/ports.ts'
import { days } from '../../schemas/units.ts'
import { ask_alerts } from '../../server/board/alerts-panel.ts'
import { type Asking, asking, instant_text } from '../../server/board/asking.ts'
import { remember_channels } from '../../server/board/channels-panel.ts'
import { ask_conversations } from '../../server/board/conversations-panel.ts'
import { ask_forecast } from '../../server/board/forecast-panel.ts'
import { ask_revenue } from '../../server/board/revenue-panel.ts'
import { tenant_currency } from '../../server/board/tenant-currency.ts'
import { known_tenants } from '../../server/board/tenants.ts'
import { ask_trust } from '../../server/board/trust-panel.ts'
import { HISTORY_END_MS, LARGEST_TENANT } from '../../test/sql/large-history.ts'

export interface Question {
  readonly name: string
  readonly bar_ms: number | null
  ask(query: Warehouse['query']): Promise<unknown>
}

const PANEL_MS = 1000
const AD_HOC_MS = 10_000
const AS_OF = instant_text(HISTORY_END_MS)
const DAYS = 90
const day_text = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const FROM_DAY = day_text(HISTORY_END_MS - days(DAYS - 1))
const TO_DAY = day_text(HISTORY_END_MS + days(1))

const panel = (name: string, ask: (about: Asking) => Promise<unknown>): Question => ({
  name: `panel ${name}`,
  bar_ms: PANEL_MS,
  ask: query => ask(asking(query, { tenant: LARGEST_TENANT, currency: 'EUR', now_ms: HISTORY_END_MS })),
})
const never_checked = { state: 'never', checked_at: null, checks: 0, differences: [] } as const
const nobody = { status: () => [] }

/** Every question that an open page sends; the checks behind `trust` run in the background and are asked apart. */
const panels: readonly Question[] = [
  panel('revenue', ask_revenue),
  panel('conversations', ask_conversations),
  panel('channels', remember_channels()),
  panel('forecast', ask_forecast),
  panel('alerts', ask_alerts),
  panel('trust', about =>
    ask_trust(about, { worker: nobody, sink: nobody } as never, {
      look: () => {},
      result: () => never_checked,
    }),
  ),
  {
    name: 'panel: the currency',
    bar_ms: PANEL_MS,
    ask: query => tenant_currency(query, { tenant: LARGEST_TENANT, now_ms: HISTORY_END_MS, current: null }),
  },
  {
    name: 'panel: the tenants',
    bar_ms: PANEL_MS,
    ask: query => known_tenants({ warehouse: { query }, clock: { now: () => 0 } } as never)(),
  },
]

const view = (name: string, sql: string, bar_ms: number | null = null): Question => ({
  name,
  bar_ms,
  ask: query => query(sql, { as_of: AS_OF }),
})
const of_tenant = (tenant: boolean): string => (tenant ? `tenant_id = '${LARGEST_TENANT}'` : '1')
const whose = (tenant: boolean): string => (tenant ? 'largest tenant' : 'all tenants')

const credit = (models: readonly string[], tenant: boolean): Question =>
  view(
    `attribution_credit, ${models.length === 1 ? models[0] : 'all models'}, ${whose(tenant)}`,
    `SELECT model, channel, sum(credit_minor) AS credit, sum(conversions) AS converted
     FROM attribution_credit(
       as_of = {as_of:DateTime64(3, 'UTC')}, lookback_days = 90, half_life_days = 7, lookback_steps = 0,
       path_transform = 'none', models = [${models.map(model => `'${model}'`)}])
     WHERE ${of_tenant(tenant)} AND day >= '${FROM_DAY}' AND day < '${TO_DAY}'
     GROUP BY model, channel ORDER BY model, channel`,
    AD_HOC_MS,
  )
const channel = (models: readonly string[], tenant: boolean): Question =>
  view(
    `attribution_channel, ${models.length === 1 ? models[0] : 'all models'}, ${whose(tenant)}`,
    `SELECT model, channel, sum(credit_minor) AS credit, sum(spend_minor) AS spent
     FROM attribution_channel(
       as_of = {as_of:DateTime64(3, 'UTC')}, from_day = '${FROM_DAY}', to_day = '${TO_DAY}', lookback_days = 90,
       half_life_days = 7, models = [${models.map(model => `'${model}'`)}])
     WHERE ${of_tenant(tenant)}
     GROUP BY model, channel ORDER BY model, channel`,
    AD_HOC_MS,
  )

const MODELS = [
  'first_touch',
  'last_touch',
  'last_non_direct',
  'linear',
  'time_decay',
  'position_based',
  'shapley',
  'markov',
]

const ad_hoc: readonly Question[] = [
  ...MODELS.map(model => credit([model], true)),
  credit([], true),
  credit(['linear'], false),
  credit(['markov'], false),
  credit([], false),
  channel(['linear'], true),
  channel([], true),
  channel(['linear'], false),
]

const of_view = (name: string, more: string): Question =>
  view(
    `${name}, largest tenant`,
    `SELECT max(toString(tuple(*))) AS all_columns FROM ${name}(as_of = {as_of:DateTime64(3, 'UTC')}${more}) WHERE ${of_tenant(true)}`,
  )
const others: readonly Question[] = [
  of_view('revenue_daily', ''),
  of_view('revenue_by', ", zone = '', reporting_currency = ''"),
  of_view('revenue_by', ", zone = 'Europe/Berlin', reporting_currency = 'EUR'"),
  of_view('revenue_cohort', ", granularity = 'week'"),
  of_view('subscription_mrr', ", granularity = 'month'"),
  of_view('segment_rfm', ''),
  of_view('metric_history', ", granularity = 'day'"),
]

/** The least that reads the same columns: no path is divided, no window built. */
export const floors: readonly Question[] = [
  view('floor: sum of the ledger', 'SELECT sum(amount_minor) FROM ledger'),
  view('floor: sum of the ledger FINAL', 'SELECT sum(amount_minor) FROM ledger FINAL'),
  view(
    'floor: paths read, largest tenant',
    `SELECT sum(amount_minor + length(touches.touched_at) + length(touches.channel)), max(path_ends_at), max(currency)
     FROM conversions WHERE tenant_id = '${LARGEST_TENANT}' AND occurred_at < {as_of:DateTime64(3, 'UTC')}`,
  ),
  view(
    'floor: paths read FINAL, largest tenant',
    `SELECT sum(amount_minor + length(touches.touched_at) + length(touches.channel)), max(path_ends_at), max(currency)
     FROM conversions FINAL WHERE tenant_id = '${LARGEST_TENANT}' AND occurred_at < {as_of:DateTime64(3, 'UTC')}`,
  ),
]

export const questions: readonly Question[] = [...panels, ...ad_hoc, ...others]
