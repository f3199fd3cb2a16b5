/** The embedded system: payments fail, an alert is there; a person acknowledges and silences it, and makes a rule. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { open_seed_system } from '../seed-system.ts'

const MINUTE = 60_000
let seed: Awaited<ReturnType<typeof open_seed_system>>
beforeAll(async () => {
  seed = await open_seed_system()
}, 60_000)
afterAll(() => seed.close())

const pay = (i: number, occurred_at: number, type: string) => ({
  ...{ event_id: `p${i}`, tenant_id: 'acme', customer_id: `c${i}`, occurred_at, type },
  ...{ amount_minor: 1000, currency: 'EUR' },
})
type Row = Readonly<Record<string, unknown>>
const open_alerts = async (query = ''): Promise<readonly Row[]> =>
  (await seed.get(`/v1/alerts?tenant=acme${query}`)).body.alerts
const failing = async (): Promise<Row | undefined> =>
  (await open_alerts()).find(row => row.rule === 'payment_failures')

describe('alerts of a whole system', () => {
  it('come by themselves, and hear what a person says', { timeout: 120_000 }, async () => {
    const now = seed.system.clock.now()
    const many = Array.from({ length: 60 }, (_, i) =>
      pay(i, now - 40 * MINUTE + i * 30_000, i % 2 ? 'payment_failed' : 'payment_succeeded'),
    )
    expect((await seed.post('/v1/events/payments', many)).status).toBe(202)
    await seed.post('/v1/events/payments', [pay(100, now, 'payment_succeeded')])
    await expect.poll(async () => (await failing())?.status, { timeout: 45_000 }).toBe('firing')
    const { fingerprint } = (await failing())!
    expect((await open_alerts('&severity=high')).map(row => row.fingerprint)).toContain(fingerprint)

    const said = { tenant_id: 'acme', author: 'Ann', fingerprint }
    expect((await seed.post('/v1/alerts/acknowledgements', said)).status).toBe(202)
    await expect.poll(failing, { timeout: 30_000 }).toMatchObject({ acknowledged_by: 'Ann' })
    const silence = {
      tenant_id: 'acme',
      author: 'Ann',
      matchers: { rule: 'payment_*' },
      duration_ms: 3_600_000,
    }
    expect((await seed.post('/v1/alerts/silences', silence)).status).toBe(202)
    await expect.poll(async () => (await failing())?.silenced_by, { timeout: 30_000 }).toBeTruthy()
    // The list of silences and the alerts come to the warehouse by different sinks.
    const silences = async () =>
      (await seed.get('/v1/alerts/silences?tenant=acme&state=active')).body.silences
    await expect
      .poll(silences, { timeout: 30_000 })
      .toMatchObject([{ author: 'Ann', matchers: { rule: 'payment_*' } }])

    const rule = { metric: 'payment_failure_rate', when: 'above', threshold: 0.2, least_samples: 1 }
    const named = { ...rule, tenant_id: 'acme', name: 'many_fail' }
    const put = await seed.post('/api/v1/bi/alerts/rules', named)
    expect(put).toMatchObject({ status: 201, body: { saved: true } })
    expect(put.body.backtest.fired).toBeGreaterThan(0)
    expect(put.body.backtest.verdict).toMatchObject({ source: 'acknowledgements', labels: 1, found: 1 })
    const rules: readonly Row[] = (await seed.get('/v1/alerts/rules?tenant=acme')).body.rules
    expect(rules.find(({ name }) => name === 'many_fail')).toMatchObject({ ...rule, built_in: false })
    const history: readonly Row[] = (await seed.get('/v1/alerts/history?tenant=acme')).body.incidents
    expect(history.map(row => row.fingerprint)).toContain(fingerprint)
  })
})
