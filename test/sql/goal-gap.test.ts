/** goal_gap: given goals, a ledger and a forecast, expected gaps; the probabilities are those of a simulation. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Catalog } from '../../schemas/catalog-kinds.ts'
import { forecast_row, normal } from './forecast-rows.ts'
import { ledger_row, type Served, serve_warehouse } from './served-warehouse.ts'

const DAY = 86_400_000
const FIRST = Date.UTC(2025, 2, 1)
const day_text = (t: number): string => new Date(FIRST + t * DAY).toISOString().slice(0, 10)

type Goal = Catalog['goals']
const goal_entry = (id: string, goal: Partial<Goal>, more: Record<string, unknown> = {}) => ({
  _key: `goals|${id}`,
  event_id: `${id}|${more.effective_at ?? ''}|${more.revision ?? 0}`,
  tenant_id: '*',
  occurred_at: '2025-01-01T00:00:00.000Z',
  effective_at: '2025-01-01T00:00:00.000Z',
  ...{ kind: 'goals', id, revision: 0, ...more },
  body: JSON.stringify({ tenant_id: 't1', metric: 'revenue', currency: 'USD', ...goal }),
})

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
})
afterAll(() => served.stop())

const gaps = async (as_of: string, columns: string, warn_probability = 0.5, where = "tenant_id = 't1'") => {
  const rows = await served.warehouse.query<Record<string, unknown>>(
    `SELECT goal_id, ${columns}
     FROM goal_gap(as_of = {as_of:DateTime64(3, 'UTC')}, warn_probability = {warn_probability:Float64})
     WHERE ${where} ORDER BY goal_id`,
    { as_of, warn_probability },
  )
  return rows.map(row => Object.values(row))
}
it('tells goals of one name of two tenants apart', async () => {
  const goal = { target: 5000, from_day: day_text(0), to_day: day_text(10) }
  await served.fill('catalog', [
    goal_entry('january', goal, { tenant_id: 'a' }),
    goal_entry('january', { ...goal, target: 6000, tenant_id: 'a' }, { tenant_id: 'b' }),
  ])
  const rows = await gaps('2025-03-02 00:00:00.000', 'tenant_id, target', 0.5, "tenant_id IN ('a', 'b')")
  expect(rows.toSorted()).toEqual([
    ['january', 'a', 5000],
    ['january', 'b', 6000],
  ])
})

const near = (value: number) => expect.closeTo(value, 6)

describe('a forecast of 100 a day with deviation 10, and 80 a day so far', () => {
  beforeAll(async () => {
    await served.fill('ledger', [
      ...[0, 1, 2, 3].map(t =>
        ledger_row({ event_id: `e${t}`, occurred_at: `${day_text(t)}T11:00:00.000Z`, amount_minor: 80 }),
      ),
      ledger_row({ event_id: 'yen', occurred_at: `${day_text(1)}T11:00:00.000Z`, currency: 'JPY' }),
    ])
    await served.fill(
      'forecasts',
      Array.from({ length: 7 }, (_, i) =>
        forecast_row({ foretold_at: day_text(4), step: i + 1, says: normal(100, 10) }),
      ),
    )
    await served.fill('catalog', [
      goal_entry(
        'running',
        { target: 810, from_day: day_text(2), to_day: day_text(11) },
        { effective_at: '2025-01-01T00:00:00.000Z' },
      ),
      // Set lower afterwards.
      goal_entry(
        'running',
        { target: 800, from_day: day_text(2), to_day: day_text(11) },
        { effective_at: '2025-02-01T00:00:00.000Z' },
      ),
      goal_entry(
        'running',
        { target: 1, from_day: day_text(2), to_day: day_text(11) },
        { effective_at: '2025-06-01T00:00:00.000Z' },
      ),
      goal_entry('over', { target: 300, from_day: day_text(0), to_day: day_text(4) }),
      goal_entry('missed', { target: 321, from_day: day_text(0), to_day: day_text(4) }),
      goal_entry('to come', { target: 700, from_day: day_text(9), to_day: day_text(16) }),
      goal_entry('far', { target: 700, from_day: day_text(0), to_day: day_text(900) }),
      goal_entry('unforetold', { target: 9, metric: 'visits', from_day: day_text(0), to_day: day_text(9) }),
      goal_entry('ratio', {
        target: 9,
        metric: 'conversion_rate',
        from_day: day_text(0),
        to_day: day_text(9),
      }),
      goal_entry('nonsense', { target: 9, from_day: 'soon', to_day: day_text(9) }),
    ])
  })

  it('tells what came, what is needed, what is foretold and what is missing', async () => {
    const columns =
      'target, came, days_left, came_per_day, needed_per_day, expected, gap, gap_ratio, days_beyond'
    expect(await gaps(`${day_text(4)} 00:00:00`, columns)).toEqual([
      // Seven days were foretold; behind the 366 of the outlook there is nothing to expect from.
      ['far', 700, 320, 896, 80, near(380 / 896), null, null, null, 889],
      ['missed', 321, 320, 0, 80, null, 320, 1, near(1 / 321), 0],
      ['over', 300, 320, 0, 80, null, 320, -20, near(-20 / 300), 0],
      ['running', 800, 160, 7, 80, near(640 / 7), 860, -60, -0.075, 0],
      ['to come', 700, 0, 7, null, 100, 700, 0, 0, 5],
      ['unforetold', 9, 0, 5, 0, 1.8, null, null, null, null],
    ])
  })

  it('counts the days beyond the forecast from the day of as_of on, also of a forecast that is over', async () => {
    const columns = 'days_left, days_beyond'
    // Of the last day foretold half is left.
    expect((await gaps(`${day_text(10)} 12:00:00`, columns)).slice(0, 4)).toEqual([
      ['far', 889.5, 889],
      ['missed', 0, 0],
      ['over', 0, 0],
      ['running', 0.5, 0],
    ])
    expect(await gaps(`${day_text(12)} 00:00:00`, columns)).toEqual([
      ['far', 888, 888],
      ['missed', 0, 0],
      ['over', 0, 0],
      ['running', 0, 0],
      ['to come', 4, 4],
      ['unforetold', 0, null],
    ])
  })

  it('counts today in parts', async () => {
    const columns = 'came, days_left, came_per_day, expected'
    expect((await gaps(`${day_text(5)} 12:00:00`, columns))[3]).toEqual([
      'running',
      160,
      5.5,
      near(160 / 3.5),
      710,
    ])
  })

  it('warns of a goal that will probably be missed, and of none that is over', async () => {
    const columns = 'reach_probability, early_warning, toString(toDate(foretold_at))'
    const at = day_text(4)
    // 60 more than needed, deviation 10 root 7: 2.27 deviations.
    const reach = expect.closeTo(0.98834, 4)
    expect(await gaps(`${at} 00:00:00`, columns)).toEqual([
      ['far', null, 0, at],
      ['missed', 0, 0, at],
      ['over', 1, 0, at],
      ['running', reach, 0, at],
      ['to come', 0.5, 1, at],
      ['unforetold', null, 0, null],
    ])
    expect((await gaps(`${at} 00:00:00`, columns, 0.51))[4]).toEqual(['to come', 0.5, 0, at])
    expect((await gaps(`${at} 00:00:00`, columns, 0.01))[3]).toEqual(['running', reach, 1, at])
  })

  it('knows no forecast before it was made, and says so', async () => {
    const columns = 'came, expected, gap, reach_probability, early_warning, foretold_at'
    expect((await gaps(`${day_text(3)} 00:00:00`, columns))[3]).toEqual([
      'running',
      80,
      null,
      null,
      null,
      0,
      null,
    ])
  })

  it('refuses a probability that is none', async () => {
    await expect(gaps(`${day_text(3)} 00:00:00`, 'came', 1.1)).rejects.toThrow(
      'warn_probability lies between 0 and 1',
    )
  })
})

/** Deterministic normal noise, mean 0 and deviation 1 (Box and Muller). */
const noise = (seed: number) => {
  const uniform = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return (seed + 1) / (2 ** 32 + 1)
  }
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}

describe('sums of 30 days whose errors go together: the probability is what a simulation finds', () => {
  const CARRIES = [0, 0.1, 0.4, 1]
  const PATHS = 20_000
  const SD = 10
  const SPANS = { whole: [0, 30], first: [0, 10], later: [12, 30], beyond: [0, 50] } as const
  const SHARES = [0.1, 0.3, 0.7, 0.95]
  type Span = keyof typeof SPANS

  /** Sums over the span of 100 a day and errors of a level that goes on with a part of each noise, ascending. */
  const simulate = (carry: number, [from, to]: readonly [number, number], seed: number): Float64Array => {
    const random = noise(seed)
    return new Float64Array(PATHS)
      .map(() => {
        let [level, sum] = [0, 0]
        for (let t = 0; t < to; t++) {
          const shock = SD * random()
          if (t >= from) sum += 100 + level + shock
          level += carry * shock
        }
        return sum
      })
      .sort()
  }

  const goals = CARRIES.flatMap(carry =>
    (Object.keys(SPANS) as Span[]).flatMap((span, i) => {
      const sums = simulate(carry, SPANS[span], 1 + i)
      const [from, to] = SPANS[span]
      return SHARES.map(share => ({
        id: `${carry} ${span} ${share}`,
        share,
        goal: {
          tenant_id: `carry ${carry}`,
          target: sums[Math.round(PATHS * (1 - share))]!,
          from_day: day_text(from),
          to_day: day_text(to),
        },
      }))
    }),
  )

  it.each(CARRIES)('carrying %d of a day on', async carry => {
    const tenant_id = `carry ${carry}`
    await served.fill(
      'forecasts',
      Array.from({ length: 30 }, (_, i) => {
        const says = normal(100, SD * Math.sqrt(1 + i * carry * carry))
        return forecast_row({ tenant_id, foretold_at: day_text(0), step: i + 1, says })
      }),
    )
    const of_carry = goals.filter(({ goal }) => goal.tenant_id === tenant_id)
    await served.fill(
      'catalog',
      of_carry.map(({ id, goal }) => goal_entry(id, goal)),
    )
    const found = new Map(
      (await gaps(`${day_text(0)} 00:00:00`, 'reach_probability', 0.5, `tenant_id = '${tenant_id}'`)) as [
        string,
        number,
      ][],
    )
    // Two standard errors of 20,000 draws are 0.007.
    for (const { id, share } of of_carry) expect(Math.abs(found.get(id)! - share), id).toBeLessThan(0.012)
  })
})
