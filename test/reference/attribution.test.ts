/** Marketing paths and journeys as events, through log, tasks, sink and view, against independently computed credit. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { read_sql } from '../../runtime/clickhouse/migrate.ts'
import { start_sink } from '../../runtime/sink.ts'
import { days, minutes } from '../../schemas/units.ts'
import { type SmallSystem, small_system } from '../runtime/small-system.ts'
import { type Served, serve_warehouse } from '../sql/served-warehouse.ts'
import { REFERENCE_DATA } from './cdnow-payments.ts'

const FOLDER = join(REFERENCE_DATA, 'attribution')
const present = existsSync(FOLDER)
if (!present && process.env.CI) throw new Error(`no reference data at ${REFERENCE_DATA}`)
if (!present) console.log(`skipped: no reference data at ${REFERENCE_DATA} (set REFERENCE_DATA)`)

type PerChannel = Record<string, readonly [conversions: number, value: number]>
interface Case {
  readonly id: string
  readonly input: {
    readonly journeys?: readonly {
      readonly touches: readonly (readonly [channel: string, day: number])[]
      readonly conversion_day: number
    }[]
    readonly half_life_days?: number
  }
  readonly expected: Record<string, PerChannel | readonly Record<string, number>[]>
}

/** Minor units of 10^-10: what rounding a value to them loses is far below the tolerance. */
const UNITS = 1e10

/** So long ago that sixty days later is past: beyond the wall clock there is nothing. */
const T = Math.floor(Date.now() / days(1)) * days(1) - days(62)
const nothing = {
  session_id: null,
  anonymous_id: null,
  campaign: null,
  content_id: null,
  funnel_step: null,
  product_id: null,
  device: null,
  country: null,
  cost_minor: 0,
  currency: 'USD',
  properties: {},
  payment_id: null,
  subscription_id: null,
  checkout_id: null,
  plan_id: null,
  mrr_minor: null,
  quantity: 1,
  method: null,
  failure_code: null,
}
const touch = (tenant_id: string, customer_id: string, at: number, i: number, channel: string) => ({
  ...nothing,
  tenant_id,
  customer_id,
  event_id: `t${i}`,
  occurred_at: at,
  channel,
  interaction: 'click',
})
const payment = (tenant_id: string, customer_id: string, at: number, i: number, amount_minor: number) => ({
  ...nothing,
  tenant_id,
  customer_id,
  event_id: `p${i}`,
  occurred_at: at,
  type: 'payment_succeeded',
  amount_minor,
})

/** Each path is a customer who walks it once, minute by minute, and pays as often as it converted. */
const paths_as_events = () => {
  const lines = readFileSync(join(FOLDER, 'paths.csv'), 'utf8').trim().split(/\r?\n/).slice(1)
  const touches: object[] = []
  const payments: object[] = []
  lines.forEach((line, n) => {
    const [path = '', conversions = '0', value = '0'] = line.split(';')
    if (Number(conversions) === 0) return
    const tenant = n < 5000 ? 'first5000' : 'others'
    const channels = path.split(' > ')
    channels.forEach((channel, i) => {
      touches.push(touch(tenant, `c${n}`, T + minutes(i), i, channel))
    })
    for (let i = 0; i < Number(conversions); i++)
      payments.push(
        payment(
          tenant,
          `c${n}`,
          T + minutes(channels.length),
          i,
          i === 0 ? Math.round(Number(value) * UNITS) : 0,
        ),
      )
  })
  return { touches, payments }
}

const journeys_as_events = ({ input }: Case) => {
  const journeys = input.journeys ?? []
  return {
    touches: journeys.flatMap(({ touches }, n) =>
      touches.map(([channel, day], i) => touch(`decay${n}`, 'c', T + days(day), i, channel)),
    ),
    payments: journeys.map(({ conversion_day }, n) =>
      payment(`decay${n}`, 'c', T + days(conversion_day), 0, 100),
    ),
  }
}

describe.runIf(present)('attribution', () => {
  let system: SmallSystem
  let served: Served
  let cases: Map<string, Case>
  beforeAll(async () => {
    const file = JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8')) as { cases: Case[] }
    cases = new Map(file.cases.map(one => [one.id, one]))
    served = await serve_warehouse()
    system = await small_system()
    const sent = [paths_as_events(), journeys_as_events(cases.get('time_decay') as Case)]
    const all = { touchpoints: sent.flatMap(s => s.touches), payments: sent.flatMap(s => s.payments) }
    for (const topic of ['touchpoints', 'payments'] as const)
      for (let i = 0; i < all[topic].length; i += 5000)
        await system.send(topic, all[topic].slice(i, i + 5000))
    const worker = system.start()
    await system.settled(worker)
    const sink = start_sink({ ...system.deps, warehouse: served.warehouse })
    for (const table of ['conversions', 'ledger'])
      await vi.waitFor(
        async () => {
          const rows = await served.warehouse.query<{ n: number }>(`SELECT count() AS n FROM ${table} FINAL`)
          expect(rows.map(({ n }) => Number(n))).toEqual([all.payments.length])
        },
        { timeout: minutes(2), interval: 500 },
      )
    await sink.stop()
    await worker.stop()
  })
  afterAll(async () => {
    await system?.close()
    await served?.stop()
  })

  const credit = async (tenants: readonly string[], models: readonly string[], half_life_days = 7) => {
    const rows = await served.warehouse.query<Record<string, string | number>>(
      `SELECT model, channel, sum(credit_minor) AS minor, sum(conversions) AS converted
       FROM attribution_credit(as_of = '2299-12-31 00:00:00.000', lookback_days = 90,
         half_life_days = {half_life_days:Float64}, lookback_steps = 0, path_transform = 'none',
         models = {models:Array(String)})
       WHERE tenant_id IN ({tenants:Array(String)}) GROUP BY model, channel`,
      { tenants, models, half_life_days },
    )
    return (model: string): PerChannel =>
      Object.fromEntries(
        rows
          .filter(row => row.model === model)
          .map(row => [row.channel, [Number(row.converted), Number(row.minor) / UNITS]]),
      )
  }

  /** Every number to a relative 10^-9, and no channel that the reference does not have. */
  const expect_credit = (got: PerChannel, known: PerChannel, rule: string) => {
    for (const channel of Object.keys(got)) expect(known, `${rule} ${channel}`).toHaveProperty(channel)
    for (const [channel, numbers] of Object.entries(known))
      numbers.forEach((number, i) => {
        const mine = got[channel]?.[i] ?? 0
        expect(Math.abs(mine - number), `${rule} ${channel}: ${mine}, ${number}`).toBeLessThanOrEqual(
          1e-9 * Math.abs(number),
        )
      })
  }

  test.each([
    ['first5000', ['first5000']],
    ['all', ['first5000', 'others']],
  ])('%s.heuristics: conversions and value of every channel by every rule', async (id, tenants) => {
    const expected = cases.get(`${id}.heuristics`)?.expected as Record<string, PerChannel>
    const models = {
      first: 'first_touch',
      last: 'last_touch',
      last_non_direct: 'last_non_direct',
      linear: 'linear',
      position_40_20_40: 'position_based',
    }
    expect(Object.keys(expected).sort()).toEqual(Object.keys(models).sort())
    const of_model = await credit(tenants, Object.values(models))
    for (const [rule, model] of Object.entries(models))
      expect_credit(of_model(model), expected[rule] as PerChannel, rule)
  })

  test.each([
    ['first5000', ['first5000']],
    ['all', ['first5000', 'others']],
  ])('%s.shapley_sum: conversions and value of every channel', async (id, tenants) => {
    const expected = cases.get(`${id}.shapley_sum`)?.expected as unknown as Record<
      'conversions' | 'value',
      Record<string, number>
    >
    const known = Object.fromEntries(
      Object.entries(expected.conversions).map(([channel, converted]) => [
        channel,
        [converted, expected.value[channel] ?? Number.NaN] as const,
      ]),
    )
    expect_credit((await credit(tenants, ['shapley']))('shapley'), known, 'shapley')
  })

  test('time decay with a half-life of seven days', async () => {
    const one = cases.get('time_decay') as Case
    const expected = one.expected.credit as readonly Record<string, number>[]
    for (const [n, journey] of expected.entries()) {
      const got = (await credit([`decay${n}`], ['time_decay'], one.input.half_life_days))('time_decay')
      expect(Object.keys(got).sort()).toEqual(Object.keys(journey).sort())
      for (const [channel, share] of Object.entries(journey)) expect(got[channel]?.[0]).toBeCloseTo(share, 9)
    }
  })

  test('every model’s credit is the ledger', async () => {
    const checks = read_sql(join(import.meta.dirname, '../../sql/checks'))
    const check = checks.find(({ name }) => name === 'attribution_credit_sums_to_ledger')
    expect(await served.warehouse.query(check?.text ?? '')).toEqual([])
  })
})
