/**
 * A seeded business of any size, written straight into the tables by the engine itself: payments with refunds, chargebacks
 * and subscriptions, their ledger, touchpoints and paths, spend, and what else the page and the views read. Rows arrive in the
 * order of time, slice by slice, as a sink brings them, so that parts overlap as they do in an installation at rest.
 *
 * Every number of a row is a hash of the seed, the field's name and the row's number: equal seeds and sizes are equal
 * tables. A movement's path shows the touches of its own visit (5 to 10 over up to 27 days), not those of the customer's
 * earlier ones; `batches` has no ranges; nothing has a message's offsets, so the checks on offsets do not apply.
 */
import type { Warehouse } from '../../runtime/ports.ts'
import { days, hours } from '../../schemas/units.ts'

export interface HistorySize {
  /** Rows of `payments`: four of five are payment_succeeded. */
  readonly payments: number
  /** Rows of `touchpoints`: at least 8 a payment; beyond those of customers they are visitors' who never pay. */
  readonly touchpoints: number
  readonly seed: number
}
export interface HistoryOptions extends HistorySize {
  readonly on_slice?: (slice: number, slices: number) => void
}

/** The instant before which everything happened, and since when. */
export const HISTORY_END_MS = Date.UTC(2026, 9, 31, 18)
export const HISTORY_MS = days(90)
const START_MS = HISTORY_END_MS - HISTORY_MS
/** Events of one customer. */
const ROUNDS = 4
const SLICE_TOUCHES = 1_000_000
const SLICES_MIN = 4

/** One of twenty each, so that the first has half and the last four 5 % each. */
const TENANTS = [
  ...Array<string>(10).fill('tenant-1'),
  ...Array<string>(4).fill('tenant-2'),
  ...Array<string>(2).fill('tenant-3'),
  ...['tenant-4', 'tenant-5', 'tenant-6', 'tenant-7'],
]
export const LARGEST_TENANT = 'tenant-1'
const CHANNELS = [
  ...Array<string>(6).fill('search'),
  ...Array<string>(4).fill('direct'),
  ...Array<string>(3).fill('social'),
  ...['email', 'email', 'display', 'display', 'affiliate', 'referral', 'video'],
]
const METHODS = [
  'best',
  'naive',
  'seasonal_naive',
  'holt',
  'damped_holt',
  'holt_winters',
  'theta',
  'linear_regression',
]
const METRICS = ['visits', 'conversations', 'qualified_leads', 'payment_attempts', 'conversion_rate']

const list = (texts: readonly string[]): string => `[${texts.map(text => `'${text}'`).join(', ')}]`
const one_of = (texts: readonly string[], hash: string): string =>
  `arrayElement(${list(texts)}, ${hash} % ${texts.length} + 1)`
const instant = (ms: string): string => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`
const id = (hash: string): string => `lower(hex(${hash}))`

/** Writes the history into migrated, empty tables; resolves when all is inserted. Throws on sizes that do not fit. */
export const write_history = async (
  { command }: Pick<Warehouse, 'command'>,
  { on_slice, ...size }: HistoryOptions,
): Promise<void> => {
  const sql = history_sql(size)
  for (const statement of sql.once) await command(statement)
  for (let slice = 0; slice < sql.slices; slice++) {
    for (const statement of sql.of_slice(slice)) await command(statement)
    on_slice?.(slice + 1, sql.slices)
  }
}

/** The statements: `once`, and those of each slice in the order of time. */
export const history_sql = (size: HistorySize) => {
  const { payments, touchpoints, seed } = size
  if (!(payments >= ROUNDS && Number.isSafeInteger(payments)))
    throw new RangeError(`a history has ${ROUNDS} payments and more`)
  const of_customers = 5 * payments + 15 * Math.floor(payments / 6) + triangle((payments % 6) - 1)
  if (!(touchpoints >= of_customers && Number.isSafeInteger(touchpoints)))
    throw new RangeError(`${payments} payments have ${of_customers} touchpoints and more`)
  const slices = Math.max(SLICES_MIN, Math.ceil(touchpoints / SLICE_TOUCHES))
  const rows = sql_of_rows(seed, payments)
  const part = (all: number, slice: number) => {
    const from = Math.floor((all * slice) / slices)
    return [from, Math.floor((all * (slice + 1)) / slices) - from] as const
  }
  const of_slice = (slice: number): string[] => [
    rows.payments(...part(payments, slice)),
    rows.ledger(...part(payments, slice)),
    rows.conversions(...part(payments, slice), 0),
    // Touches that came late: of one path in twenty a newer row is written a slice later.
    ...(slice > 0 ? [rows.conversions(...part(payments, slice - 1), 1)] : []),
    rows.touches(...part(payments, slice)),
    rows.visits(...part(touchpoints - of_customers, slice), touchpoints - of_customers),
    rows.scores(...part(Math.ceil(payments / 25), slice), Math.ceil(payments / 25)),
    rows.prices(...part(Math.ceil(payments / 25), slice), Math.ceil(payments / 25)),
    rows.talks(...part(Math.ceil(payments / 5), slice), Math.ceil(payments / 5)),
    rows.batches(...part(Math.ceil(touchpoints / 500), slice), Math.ceil(touchpoints / 500)),
  ]
  return { slices, of_slice, once: [...once_sql(seed, Math.ceil(payments / 10_000))] }
}

/** 0 + 1 + … + n */
const triangle = (n: number): number => (n * (n + 1)) / 2

const sql_of_rows = (seed: number, payments: number) => {
  const customers = Math.ceil(payments / ROUNDS)
  const hash = (name: string, ...of: string[]): string => `cityHash64(${seed}, '${name}', ${of.join(', ')})`
  const instant_of = (i: string, all: number): string =>
    instant(`${START_MS} + intDiv(${i} * ${HISTORY_MS}, ${all})`)
  const person = (name: string, of: string): string => `
    ${one_of(TENANTS, hash(`${name} tenant`, of))} AS tenant_id,
    concat('${name}-', ${id(hash(name, of))}) AS person_id,
    multiIf(
      tenant_id = 'tenant-3', 'USD', tenant_id = 'tenant-4', 'JPY', ${hash(`${name} currency`, of)} % 10 = 0, 'USD', 'EUR'
    ) AS currency,
    toInt32(${of} % 8) AS _partition`
  /** Rows of customers: i, and j, whose visit and money it is about. */
  const events = (from: number, count: number): string => `(
    SELECT
      number AS i, i % ${customers} AS c, ${person('c', 'c')},
      concat(tenant_id, '|', person_id) AS _key,
      ${hash('type', 'i')} % 1000 AS kind,
      i >= ${customers} AND ${hash('type', `i - ${customers}`)} % 1000 < 800 AS paid_before,
      multiIf(
        kind < 800, 'payment_succeeded',
        kind < 840, if(paid_before, 'refunded', 'payment_failed'),
        kind < 842, if(paid_before, 'chargeback', 'payment_failed'),
        kind < 880, 'payment_failed',
        kind < 900, 'subscription_started', kind < 915, 'subscription_changed', kind < 985, 'subscription_renewed',
        'subscription_cancelled'
      ) AS type,
      type IN ('refunded', 'chargeback') AS takes_back,
      takes_back OR type = 'payment_succeeded' AS moves,
      startsWith(type, 'subscription') AS recurs,
      i - takes_back * ${customers} AS j,
      ${id(hash('payment', 'i'))} AS event_id,
      concat('pay-', toString(j)) AS payment_id,
      toInt64(500 + ${hash('amount', 'j')} % 49500) AS amount_minor,
      concat('product-', toString(${hash('product', 'j')} % 40)) AS product_id,
      ${instant_of('i', payments)} AS occurred_at
    FROM numbers(${from}, ${count})
  )`
  const channel = (i: string, k: string): string => one_of(CHANNELS, hash('channel', i, k))
  const campaign = (i: string, k: string): string =>
    `if(${hash('campaign', i, k)} % 3 = 0, NULL, concat('campaign-', toString(${hash('campaign', i, k)} % 41)))`
  const content = (i: string, k: string): string =>
    `if(${hash('content', i, k)} % 3 > 0, NULL, concat('content-', toString(${hash('content', i, k)} % 23)))`
  const cost = (i: string, k: string): string =>
    `toInt64(if(${channel(i, k)} IN ('direct', 'email', 'referral') OR ${hash('cost', i, k)} % 2 = 0, 0, ${hash('cost', i, k)} % 300))`
  const touched_at = (j: string, k: string): string => {
    const gap_ms = `${k} * ${k} * ${hours(8)} + ${hash('gap', j, k)} % ${hours(8)}`
    return instant(`${START_MS} + intDiv(${j} * ${HISTORY_MS}, ${payments}) - (${gap_ms})`)
  }
  const touch_columns = `_log_id, _key, _partition, _offset, event_id, tenant_id, customer_id, session_id, anonymous_id,
    occurred_at, channel, campaign, content_id, interaction, funnel_step, device, country, cost_minor, currency, properties`
  const touch_details = (i: string, k: string): string => `
    ${channel(i, k)}, ${campaign(i, k)}, ${content(i, k)}, ${one_of(['view', 'click', 'form'], hash('interaction', i, k))},
    if(${k} % 3 = 0, 'product', NULL), ${one_of(['phone', 'desktop', 'tablet'], hash('device', i))},
    ${one_of(['DE', 'FR', 'US', 'JP', 'ES', 'AT'], hash('country', i))}, ${cost(i, k)}, currency,
    map('page', concat('/p/', toString(${hash('page', i, k)} % 500)))`
  return {
    payments: (from: number, count: number) => `INSERT INTO payments (
        _log_id, _key, _partition, _offset, event_id, tenant_id, customer_id, occurred_at, type, payment_id, subscription_id,
        product_id, plan_id, amount_minor, currency, mrr_minor, quantity, method, device, country
      ) SELECT
        'history', _key, _partition, i, event_id, tenant_id, person_id, occurred_at, type, if(recurs, NULL, payment_id),
        if(recurs, concat('sub-', toString(c)), NULL), product_id, if(recurs, 'plan', NULL), if(recurs, 0, amount_minor), currency,
        if(recurs, toInt64(900 + 100 * (${hash('mrr', 'i')} % 40)), NULL), 1, 'card', 'phone', 'DE'
      FROM ${events(from, count)}`,
    ledger: (from: number, count: number) => `INSERT INTO ledger (
        _key, _partition, _offset, event_id, tenant_id, customer_id, occurred_at, type, amount_minor, currency, cause_event_id,
        payment_id, product_id, quantity, method, channel, campaign, content_id
      ) SELECT
        _key, _partition, i, event_id, tenant_id, person_id, occurred_at, type, if(takes_back, -amount_minor, amount_minor),
        currency, event_id, payment_id, product_id, 1, 'card', ${channel('i', '0')}, ${campaign('i', '0')}, ${content('i', '0')}
      FROM ${events(from, count)} WHERE moves`,
    conversions: (from: number, count: number, revision: number) => `INSERT INTO conversions (
        _key, _partition, _offset, event_id, tenant_id, customer_id, occurred_at, revision, type, payment_id, amount_minor,
        currency, path_ends_at, touches, left_out
      ) SELECT
        _key, _partition, i, event_id, tenant_id, person_id, occurred_at, ${revision}, type, payment_id,
        if(takes_back, -amount_minor, amount_minor), currency, ${instant_of('j', payments)},
        arrayMap(k -> tuple(
          ${id(hash('touch', 'j', 'k'))}, ${touched_at('j', 'k')}, ${channel('j', 'k')}, ${campaign('j', 'k')},
          ${content('j', 'k')}, ${cost('j', 'k')}, currency, k % 4 = 3
        ), arrayReverse(range(5 + j % 6))),
        0
      FROM ${events(from, count)} WHERE moves AND (${revision} = 0 OR i % 20 = 0)`,
    touches: (from: number, count: number) => `INSERT INTO touchpoints (${touch_columns}) SELECT
        'history', _key, _partition, 10 * i + k, ${id(hash('touch', 'i', 'k'))}, tenant_id, person_id,
        concat('s-', toString(i)), NULL, ${touched_at('i', 'k')}, ${touch_details('i', 'k')}
      FROM ${events(from, count)} ARRAY JOIN range(5 + i % 6) AS k`,
    visits: (from: number, count: number, all: number) => `INSERT INTO touchpoints (${touch_columns}) SELECT
        'history', concat(tenant_id, '|~', person_id), _partition, ${10 * payments} + i, ${id(hash('visit', 'i'))}, tenant_id,
        NULL, NULL, person_id, ${instant_of('i', Math.max(all, 1))}, ${touch_details('i', '11')}
      FROM (SELECT number AS i, i % ${Math.max(1, Math.ceil(all / 3))} AS v, ${person('a', 'v')} FROM numbers(${from}, ${count}))`,
    scores: (from: number, count: number, all: number) => `INSERT INTO lead_scores (
        _key, _partition, _offset, event_id, tenant_id, customer_id, conversation_id, occurred_at, total_score, quality_tier,
        conversion_probability, market_ratio, policy_version
      ) SELECT
        concat(tenant_id, '|', person_id), _partition, i, ${id(hash('score', 'i'))}, tenant_id, person_id,
        concat('talk-', toString(i)), ${instant_of('i', all)}, ${hash('score', 'i')} % 100,
        ${one_of(['premium', 'standard', 'basic', 'unqualified'], hash('tier', 'i'))}, 0.2, 1, 'p1'
      FROM (SELECT number AS i, i % ${customers} AS c, ${person('c', 'c')} FROM numbers(${from}, ${count}))`,
    prices: (from: number, count: number, all: number) => `INSERT INTO prices (
        _key, _partition, _offset, event_id, tenant_id, customer_id, conversation_id, cause_event_id, occurred_at, quality_tier,
        buyer_tier, currency, price_minor, revenue_potential_minor, policy_version
      ) SELECT
        tenant_id, _partition, i, ${id(hash('price', 'i'))}, tenant_id, person_id, concat('talk-', toString(i)),
        ${id(hash('score', 'i'))}, ${instant_of('i', all)}, 'premium', 'gold', currency, 1000 + i % 9000, 9000, 'p1'
      FROM (SELECT number AS i, i % ${customers} AS c, ${person('c', 'c')} FROM numbers(${from}, ${count}))`,
    talks: (from: number, count: number, all: number) => `INSERT INTO conversation_metrics (
        _key, _partition, _offset, event_id, tenant_id, customer_id, conversation_id, occurred_at, type, started_at,
        duration_ms, messages, trend, recommendations, closed
      ) SELECT
        concat(tenant_id, '|', person_id), _partition, i, ${id(hash('talk', 'i'))}, tenant_id, person_id,
        concat('talk-', toString(intDiv(i, 5))), ${instant_of('i', all)}, 'message',
        ${instant_of('intDiv(i, 5) * 5', all)}, i % 600000, i % 5 + 1, 'steady', [('call', 'Call back')], i % 5 = 4
      FROM (
        SELECT number AS i, intDiv(i, 5) % ${customers} AS c, ${person('c', 'c')} FROM numbers(${from}, ${count})
      )`,
    batches: (from: number, count: number, all: number) => `INSERT INTO batches (
        _log_id, log_id, _partition, _offset, key_group, partition, seq, kind, wall_at
      ) SELECT 'history', 'history', number % 8, number, 'customer', number % 8, intDiv(number, 8) + 1, 'batch', ${instant_of('number', all)}
      FROM numbers(${from}, ${count})`,
  }
}

/** What is small: the catalog, spend by day, points by hour, forecasts of the last days, alerts, removal effects. */
function* once_sql(seed: number, forecast_days: number): Generator<string> {
  const tenants = `arrayJoin(${list([...new Set(TENANTS)])}) AS tenant_id`
  const channels = `arrayJoin(${list([...new Set(CHANNELS)])}) AS channel`
  const days_of_it = HISTORY_MS / days(1)
  const day = `${instant(`${START_MS} + n * ${days(1)}`)} AS occurred_at`
  yield `INSERT INTO catalog (_key, event_id, tenant_id, kind, id, effective_at, revision, body) VALUES
    ('a', 'a', '*', 'fx_rates', 'USD|EUR', '2026-01-01 00:00:00.000', 1, '{"rate": "0.9123"}'),
    ('b', 'b', '*', 'fx_rates', 'USD|EUR', '2026-09-15 00:00:00.000', 1, '{"rate": "0.9015"}'),
    ('c', 'c', '*', 'fx_rates', 'EUR|JPY', '2026-01-01 00:00:00.000', 1, '{"rate": "161.7"}')`
  yield `INSERT INTO spend (_key, event_id, tenant_id, occurred_at, channel, campaign, amount_minor, currency) SELECT
      tenant_id, concat(channel, '|', toString(n), '|', toString(m)), tenant_id, ${day}, channel,
      concat('campaign-', toString(m)), 1000 + cityHash64(${seed}, tenant_id, channel, n, m) % 5000, 'EUR'
    FROM (SELECT ${tenants}, ${channels}, arrayJoin(range(${days_of_it})) AS n, arrayJoin(range(10)) AS m)`
  yield `INSERT INTO metric_points (
      _key, event_id, tenant_id, occurred_at, window_ms, revision, metric, value, numerator, denominator, samples
    ) SELECT
      tenant_id, concat(metric, '||', toString(n)), tenant_id, ${instant(`${START_MS} + n * ${hours(1)}`)}, ${hours(1)}, 0,
      metric, numerator, cityHash64(${seed}, tenant_id, metric, n) % 1000 AS numerator,
      if(metric = 'conversion_rate', 2000, 1), 1
    FROM (SELECT ${tenants}, arrayJoin(${list(METRICS)}) AS metric, arrayJoin(range(${24 * days_of_it})) AS n)`
  const forecast = `SELECT ${tenants}, arrayJoin(arrayPushFront(${list(METRICS)}, 'revenue')) AS metric,
      if(metric = 'revenue', toNullable('EUR'), NULL) AS currency, arrayJoin(${list(METHODS)}) AS method,
      arrayJoin(range(greatest(0, ${days_of_it} - ${forecast_days}), ${days_of_it})) AS n, ${day},
      concat(metric, '|', ifNull(currency, ''), '|day|', method, '|', toString(n)) AS made`
  yield `INSERT INTO forecasts (
      _key, event_id, tenant_id, occurred_at, metric, currency, granularity, method, step, starts_at, value, lo80, hi80, lo95, hi95
    ) SELECT
      tenant_id, concat(made, '|', toString(step)), tenant_id, occurred_at, metric, currency, 'day', method, step,
      occurred_at + toIntervalDay(step), 1000, 800, 1200, 700, 1300
    FROM (SELECT *, arrayJoin(range(1, 29)) AS step FROM (${forecast}))`
  yield `INSERT INTO forecast_scores (
      _key, event_id, tenant_id, occurred_at, metric, currency, granularity, method, origins, mae, rmse, smape, weight
    ) SELECT tenant_id, made, tenant_id, occurred_at, metric, currency, 'day', method, 30, 100, 120, 12, method != 'best'
    FROM (${forecast})`
  yield `INSERT INTO alerts (
      _key, _offset, event_id, tenant_id, occurred_at, fingerprint, rule, severity, status, title, description, started_at,
      policy_version
    ) SELECT
      tenant_id, 2 * n + late, concat('f|', toString(n), '|', toString(late)), tenant_id,
      started_at + toIntervalHour(late), concat('f', toString(n % 20)), 'anomaly', 'high',
      if(late, 'resolved', 'firing'), 'Visits fell', 'Visits fell below what is usual.', started_at, 'p1'
    FROM (
      SELECT ${tenants}, arrayJoin(range(2000)) AS n, arrayJoin(if(n % 100 = 0, [0], [0, 1])) AS late,
        ${instant(`${START_MS} + intDiv(n * ${HISTORY_MS}, 2000)`)} AS started_at
    )`
  yield `INSERT INTO attribution_effects (
      _key, event_id, tenant_id, occurred_at, model, markov_order, dimension, place, effect, share, paths, conversions
    ) SELECT
      tenant_id, concat('markov|1|channel|', channel, '|', toString(n)), tenant_id, ${day}, 'markov', 1, 'channel', channel,
      (1 + cityHash64(${seed}, tenant_id, channel) % 60) / 100, 0.125, 1000, 100
    FROM (SELECT ${tenants}, ${channels}, arrayJoin(range(${days_of_it})) AS n)`
}
