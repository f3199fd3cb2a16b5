/**
 * Which channels brought the revenue of the last 30 days, by each attribution model, and what they cost.
 *
 * Dividing a month of money by eight models takes seconds where there are millions of payments. A day that is over changes
 * only when a row of it comes late, so its sums are remembered with a mark of its rows, and asked again when the mark is
 * another one: what is shown is exactly what the view says of all 30 days.
 */
import { days } from '../../schemas/units.ts'
import type { Asking } from './asking.ts'
import type { ChannelsPanel, Panel } from './board.ts'

const LOOKBACK_DAYS = 30
const HALF_LIFE_DAYS = 7
/** Days of conversions shown, today among them. */
const DAYS = 30

type Credit = ChannelsPanel['credits'][number]
type Ask = (asking: Asking) => Promise<Omit<ChannelsPanel, keyof Panel>>

const credits = (from_day: string, to_day: string) => `SELECT
    model, channel, sum(credit_minor) AS credit_minor, sum(conversions) AS conversions, sum(spend_minor) AS cost_minor
  FROM attribution_channel(
    as_of = {as_of:DateTime64(3, 'UTC')}, from_day = '${from_day}', to_day = '${to_day}',
    lookback_days = ${LOOKBACK_DAYS}, half_life_days = ${HALF_LIFE_DAYS}, models = [])
  WHERE tenant_id = {tenant:String} AND currency = {currency:String}
  GROUP BY model, channel`

const rows_of = (table: string, from_day: string) =>
  `FROM ${table} WHERE tenant_id = {tenant:String} AND toDate(occurred_at) >= '${from_day}'`

/** Of each day whatever changes its credit or cost; of all days what the removal effects were made of. */
const marks = (from_day: string) => `SELECT
    toString(day) AS day_text,
    concat(
      toString(groupBitXor(newest)), ' ',
      toString((
        SELECT max((occurred_at, revision)) FROM attribution_effects
        WHERE tenant_id = {tenant:String} AND occurred_at <= {as_of:DateTime64(3, 'UTC')}
      ))
    ) AS mark
  FROM (
    -- Older revisions are merged away, the newest row of a partition stays.
    SELECT toDate(occurred_at) AS day, cityHash64(_partition, max(_offset)) AS newest
    ${rows_of('conversions', from_day)} GROUP BY day, _partition
    UNION ALL
    SELECT toDate(occurred_at) AS day, cityHash64('touched', count(), sum(_offset)) AS newest
    ${rows_of('touchpoints', from_day)} GROUP BY day
    UNION ALL
    SELECT toDate(occurred_at) AS day, cityHash64('spent', count(), sum(_offset)) AS newest
    ${rows_of('spend', from_day)} GROUP BY day
  )
  GROUP BY day`

/** The UTC day of an instant. */
const day_of = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** Without memory: all 30 days are asked. */
export const ask_channels: Ask = asking => remember_channels()(asking)

/** For one tenant's board: days that are over are remembered from one answer to the next. */
export const remember_channels = (): Ask => {
  const known = new Map<string, { readonly mark: string; readonly rows: readonly Credit[] }>()
  let currency = ''
  return async asking => {
    const shown = Array.from({ length: DAYS }, (_, i) => asking.now_ms - days(DAYS - 1 - i))
    const over = shown.slice(0, -1).map(day_of)
    const since = day_of(shown[0]!)
    if (asking.currency !== currency) known.clear()
    currency = asking.currency
    for (const day of [...known.keys()]) if (day < since) known.delete(day)
    // Asked before the days themselves: a row that comes in between makes the next mark another one.
    const found = await asking.query<{ day_text: string; mark: string }>(marks(since))
    const mark_of = new Map(found.map(({ day_text, mark }) => [day_text, mark]))
    const answers: (readonly Credit[])[] = []
    for (const [i, day] of over.entries()) {
      const mark = mark_of.get(day) ?? ''
      const before = known.get(day)
      const same = before?.mark === mark
      const rows = same ? before.rows : mark ? await ask_days(asking, day, day_of(shown[i + 1]!)) : []
      known.set(day, { mark, rows })
      answers.push(rows)
    }
    answers.push(await ask_days(asking, day_of(asking.now_ms), day_of(asking.now_ms + days(1))))
    return panel_of(summed(answers.flat()))
  }
}

const ask_days = (asking: Asking, from_day: string, to_day: string): Promise<Credit[]> =>
  asking.query<Credit>(credits(from_day, to_day))

/** One row per model and channel: by model, the largest credit first. */
const summed = (rows: readonly Credit[]): Credit[] => {
  const sums = new Map<string, Credit>()
  for (const row of rows) {
    const key = `${row.model}|${row.channel}`
    const { credit_minor = 0, conversions = 0, cost_minor = 0 } = sums.get(key) ?? {}
    sums.set(key, {
      ...row,
      credit_minor: credit_minor + row.credit_minor,
      conversions: conversions + row.conversions,
      cost_minor: cost_minor + row.cost_minor,
    })
  }
  const by_name = (a: string, b: string): number => (a < b ? -1 : Number(a > b))
  return [...sums.values()].sort(
    (a, b) => by_name(a.model, b.model) || b.credit_minor - a.credit_minor || by_name(a.channel, b.channel),
  )
}

const panel_of = (rows: readonly Credit[]): Omit<ChannelsPanel, keyof Panel> => {
  const totals = new Map<string, number>()
  for (const { model, credit_minor } of rows) totals.set(model, (totals.get(model) ?? 0) + credit_minor)
  return {
    lookback_days: LOOKBACK_DAYS,
    half_life_days: HALF_LIFE_DAYS,
    total_minor: totals.values().next().value ?? 0,
    models: [...totals.keys()],
    credits: rows,
  }
}
