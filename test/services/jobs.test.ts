/** Jobs of a running process: from history through views to the tables that other views read, when somebody asks. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { days, hours } from '../../schemas/units.ts'
import { caught_up, Installation } from './installation.ts'

const UNTIL = Date.UTC(2026, 4, 1)
const AS_OF = '2026-05-01T00:00:00Z'
let installation: Installation
beforeAll(async () => {
  installation = await Installation.embedded()
  await installation.start()
})
afterAll(() => installation?.close())

/**
 * 120 customers over 90 days, and three that are not known yet then, which close the windows of those before: each day's
 * buyers are as many as its weekday says, each after a touch.
 */
const history = () => {
  const touches: object[] = []
  const payments: object[] = []
  for (let day = 0; day < 93; day++)
    for (let n = 0; n < 10 + (day % 7); n++) {
      const at = UNTIL - days(90 - day) + hours(n)
      const person = { tenant_id: 'shop', customer_id: `c${(day * 7 + n * 13) % 120}`, currency: 'EUR' }
      const event_id = `${day}-${n}`
      touches.push({
        ...person,
        event_id,
        occurred_at: at - hours(1),
        channel: n % 2 ? 'search' : 'mail',
        interaction: 'click',
      })
      payments.push({
        ...person,
        event_id,
        occurred_at: at,
        type: 'payment_succeeded',
        amount_minor: 1000 + 10 * n,
      })
    }
  return { touches, payments }
}

const imported = async (topic: string, rows: readonly object[]): Promise<void> => {
  const file = join(installation.directory, `${topic}.ndjson`)
  writeFileSync(file, rows.map(row => `${JSON.stringify(row)}\n`).join(''))
  const { code, output } = await installation.run('import', topic, file, '--accept-late')
  expect(code, output).toBe(0)
}

test('each job is run as of the moment, and its rows are in the views', { timeout: 120_000 }, async () => {
  const { touches, payments } = history()
  await installation.hold_time('open')
  await imported('touchpoints', touches)
  await imported('payments', payments)
  await installation.hold_time('close')
  await caught_up(installation)
  const { code, output } = await installation.run('jobs', '--as-of', AS_OF)
  expect(code, output).toBe(0)
  expect(output).toContain('attribution-effects: done')
  expect(output).toContain('metric-forecast: done')
  expect(output).toContain('lifetime-value: done')
  await caught_up(installation)
  const [forecast] = await installation.query(
    `select count() as days, min(starts_at) as first_at, round(sum(value)) as total from forecasts final
     where metric = 'revenue' and granularity = 'day' and method = 'best'`,
  )
  expect(forecast).toMatchObject({ days: 30, first_at: '2026-05-01 00:00:00.000' })
  // 13 payments a day, of 10.60 each.
  expect(Number(forecast?.total)).toBeGreaterThan(30 * 13 * 1060 * 0.9)
  expect(Number(forecast?.total)).toBeLessThan(30 * 13 * 1060 * 1.1)
  const effects = await installation.query(
    `select place from attribution_effects final where model = 'markov' and markov_order = 1
     and dimension = 'channel' order by place`,
  )
  expect(effects).toEqual([{ place: 'mail' }, { place: 'search' }])
  const models = await installation.query(
    'select model, customers, isNull(refused) as fitted from lifetime_models final order by model',
  )
  expect(models.length).toBeGreaterThan(3)
  expect(models.every(({ customers }) => Number(customers) === 120)).toBe(true)
  expect(await installation.problems()).toEqual([])

  // Asked again, as of the same moment: the same rows.
  const rows = () =>
    installation.query('select count() as n, sum(cityHash64(event_id, value)) as h from forecasts final')
  const before = await rows()
  expect((await installation.run('jobs', 'metric-forecast', '--as-of', AS_OF)).code).toBe(0)
  await caught_up(installation)
  expect(await rows()).toEqual(before)
})

test('what cannot be run is said in one line', { timeout: 60_000 }, async () => {
  expect(await installation.run('jobs', 'weather')).toMatchObject({
    code: 1,
    output: expect.stringContaining('there is no job weather'),
  })
  expect((await installation.run('jobs', '--as-of', 'noon')).output).toContain('a time such as')
  expect((await installation.run('jobs', '--as-of', '2999-01-01T00:00:00Z')).output).toContain(
    'still to come',
  )
})
