/** Every view refuses what its parameters may not be with a sentence, also where there is no row that could be wrong. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { read_sql } from '../../runtime/clickhouse/migrate.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

type Values = Readonly<Record<string, string | number | readonly string[]>>

const GOOD: Values = {
  as_of: '2026-06-01 00:00:00.000',
  known_at: '2026-06-01 00:00:00.000',
  granularity: 'week',
  zone: '',
  reporting_currency: 'EUR',
  lookback_days: 30,
  half_life_days: 7,
  lookback_steps: 0,
  path_transform: 'none',
  models: [],
  from_day: '2026-05-01',
  to_day: '2026-06-01',
  margin_ratio: 0.8,
  optimistic_factor: 1,
  realistic_factor: 1,
  pessimistic_factor: 1,
  warn_probability: 0.5,
  period_days: 7,
  by_buyer: 0,
  bins: 10,
  flap_minutes: 60,
}

const factor = [[-1, 'nan'], 'a factor is 0 or more'] as const
const BAD: Readonly<Record<string, readonly [values: readonly Values[string][], sentence: string | RegExp]>> =
  {
    granularity: [['year', ''], /granularity (is|must be) .*day(, week or month| or week)/],
    zone: [['Berlin', 'Mars/Olympus'], 'zone is a name of the time zone database'],
    reporting_currency: [['euro', 'EUX'], 'reporting_currency is an ISO 4217 code'],
    lookback_days: [[-1, 91, 'nan'], 'lookback_days must be 0 to 90'],
    half_life_days: [[0, -1, 'nan'], 'half_life_days must be more than 0'],
    path_transform: [['last', ''], 'path_transform must be none, exposure, first or unique'],
    models: [[['linear', 'best']], 'models must be of first_touch, last_touch'],
    from_day: [['1969-12-31', '1850-01-01'], 'from_day and to_day must lie from 1970-01-01 to 2106-01-01'],
    to_day: [['2106-01-02', '2200-01-01'], 'from_day and to_day must lie from 1970-01-01 to 2106-01-01'],
    margin_ratio: [[-0.1, 1.2, 'nan'], 'margin_ratio must be 0 to 1'],
    optimistic_factor: factor,
    realistic_factor: factor,
    pessimistic_factor: factor,
    warn_probability: [[-0.1, 1.1, 'nan'], 'warn_probability lies between 0 and 1'],
    period_days: [[0, 3651], 'period_days must be 1 to 3650'],
    by_buyer: [[2], 'by_buyer is 0 or 1'],
    bins: [[0, 10_001], 'bins must be 1 to 10000'],
    flap_minutes: [[-1, 1441, 'nan'], 'flap_minutes must be 0 to 1440'],
  }

/** Where one view means something else by a parameter. */
const BAD_OF: Readonly<Record<string, typeof BAD>> = {
  quality_acceptance: { half_life_days: [[-1, 'nan'], 'half_life_days must be 0 (nothing fades) or more'] },
}

/** Whatever these parameters are, the answer is right: there is nothing to refuse. */
const UNCHECKED = ['as_of', 'known_at', 'lookback_steps']
const AS_OF = 'as_of must lie from 1970-01-01 to 2106-01-01'
/** Their answers count the days up to as_of. */
const COUNT_DAYS = /^(metric_.*|goal_gap|segment_.*|subscription_(mrr|economics))$/

const views = read_sql(join(import.meta.dirname, '../../sql/views')).map(({ name, text }) => ({
  name,
  parameters: [...new Map([...text.matchAll(/\{(\w+):([^}]+)\}/g)].map(([, key, type]) => [key!, type!]))],
}))

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
})
afterAll(() => served.stop())

const ask = ({ name, parameters }: (typeof views)[number], values: Values = {}) => {
  const given = parameters.map(([key, type]) => `${key} = {${key}:${type}}`).join(', ')
  return served.warehouse.query(`SELECT * FROM ${name}${given && `(${given})`}`, {
    ...GOOD,
    ...values,
  } as never)
}

it('knows every parameter of every view', () => {
  const named = new Set(views.flatMap(({ parameters }) => parameters.map(([key]) => key)))
  expect([...named].sort()).toEqual([...Object.keys(BAD), ...UNCHECKED].sort())
})

it.each(views)(
  '$name',
  async view => {
    for (const [key] of view.parameters) {
      const [values, sentence] = BAD_OF[view.name]?.[key] ?? BAD[key] ?? [[], '']
      for (const value of values)
        await expect(ask(view, { [key]: value }), `${key} ${value}`).rejects.toThrow(sentence)
    }
    const outside = ['1969-12-31 23:59:59.999', '2106-01-01 00:00:00.001']
    const counts_days = COUNT_DAYS.test(view.name)
    for (const as_of of view.parameters.some(([key]) => key === 'as_of') ? outside : [])
      if (counts_days) await expect(ask(view, { as_of }), as_of).rejects.toThrow(AS_OF)
      else expect(await ask(view, { as_of }), as_of).toEqual([])
    for (const as_of of ['1970-01-01 00:00:00.000', '2106-01-01 00:00:00.000'])
      await expect(ask(view, { as_of }), as_of).resolves.toBeDefined()
  },
  120_000,
)

it('attribution_channel refuses a stretch of no day', async () => {
  const [view] = views.filter(({ name }) => name === 'attribution_channel')
  for (const to_day of ['2026-05-01', '2026-04-30'])
    await expect(ask(view!, { to_day })).rejects.toThrow('from_day must be before to_day')
})

it.each(['revenue_cohort', 'subscription_mrr', 'subscription_economics'])('%s has no hours', async name => {
  const [view] = views.filter(one => one.name === name)
  await expect(ask(view!, { granularity: 'hour' })).rejects.toThrow('must be day, week or month')
})
