/** Alerts, history and deliveries over HTTP: given rows, expected answers, in the shape of the seeds too. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { alert_word, at } from '../../sql/alert-rows.ts'
import { type Served, serve_warehouse } from '../../sql/served-warehouse.ts'
import { open_alert_system } from './alert-system.ts'

let served: Served
let ask: Awaited<ReturnType<typeof open_alert_system>>['ask']
beforeAll(async () => {
  served = await serve_warehouse()
  ask = (await open_alert_system(served.warehouse)).ask
  const money = { money_at_risk_minor: 12_345, money_currency: 'EUR' }
  await served.fill('alerts', [
    alert_word('visits_drop|visits|drop', '09:00', 1, '09:05', 'firing', {
      severity: 'medium',
      metric: 'visits',
    }),
    alert_word('revenue_drop|r|drop', '09:30', 1, '09:35', 'pending'),
    alert_word('revenue_drop|r|drop', '09:30', 2, '09:40', 'firing', { severity: 'critical', ...money }),
    alert_word('failures|f|spike', '09:50', 1, '09:55', 'firing'),
    alert_word('failures|f|spike', '09:50', 2, '10:00', 'acknowledged', { acknowledged_by: 'ann' }),
    alert_word('over|o|drop', '08:00', 1, '08:05', 'firing'),
    alert_word('over|o|drop', '08:00', 2, '08:45', 'resolved'),
    alert_word('maybe|m|drop', '10:05', 1, '10:10', 'pending'),
    alert_word('premium_lead|l|spike', '10:00', 1, '10:00', 'firing', { severity: 'info' }),
    alert_word('theirs|t|drop', '09:00', 1, '09:05', 'firing', { _key: 't2', tenant_id: 't2' }),
  ])
  const attempt = (id: string, attempt: number, time: string, outcome: string, receiver = 'ops') => ({
    ...{
      _key: 't1',
      tenant_id: 't1',
      event_id: `${id}|${attempt}`,
      occurred_at: at(time),
      notification_id: id,
    },
    ...{ receiver, channel: 'webhook', group_key: '{}', attempt, outcome, duration_ms: 5 },
  })
  await served.fill('deliveries', [
    attempt('n1', 1, '09:41', 'retrying'),
    attempt('n1', 2, '09:42', 'delivered'),
    attempt('n2', 1, '09:43', 'failed', 'mail'),
  ])
})
afterAll(() => served.stop())

const fingerprints = async (query: string): Promise<string[]> => {
  const { status, body } = await ask('GET', `/v1/alerts?tenant=t1${query}`)
  expect(status).toBe(200)
  return body.alerts.map((row: { fingerprint: string }) => row.fingerprint.split('|')[0])
}

describe('GET /v1/alerts', () => {
  it('has what is open, the worst first', async () => {
    expect(await fingerprints('')).toEqual(['revenue_drop', 'failures', 'visits_drop'])
    const { body, headers } = await ask('GET', '/v1/alerts?tenant=t1')
    expect(body.alerts[0]).toMatchObject({
      status: 'firing',
      open: true,
      started_at: at('09:30'),
      said_at: at('09:40'),
      money_at_risk_minor: 12_345,
    })
    expect(headers['cache-control']).toBe('no-store')
  })

  it.each([
    ['&severity=high', ['failures']],
    ['&severity=HIGH,critical', ['revenue_drop', 'failures']],
    ['&status=acknowledged', ['failures']],
    ['&status=pending', ['maybe']],
    ['&status=resolved', ['over']],
    ['&rule=visits_drop', ['visits_drop']],
    ['&rule=premium_lead', ['premium_lead']],
    ['&metric=visits', ['visits_drop']],
    ['&limit=1', ['revenue_drop']],
    ['&severity=low', []],
  ])('filters by %s', async (query, expected) => {
    expect(await fingerprints(query)).toEqual(expected)
  })

  it.each([
    ['?tenant=t1&severity=bad', 'severity'],
    ['?tenant=t1&status=open', 'status'],
    ['?tenant=t1&limit=0', 'limit'],
    ['?tenant=t1&limit=x', 'limit'],
    ['?tenant=t1&sevrity=high', 'sevrity'],
    ['', 'tenant'],
    ['?tenant=a|b', 'tenant'],
    ['?tenant=*', 'tenant'],
  ])('refuses %s, naming %s', async (query, field) => {
    const { status, body } = await ask('GET', `/v1/alerts${query}`)
    expect([status, body.field]).toEqual([400, field])
    expect(body.reason.length).toBeGreaterThan(3)
  })
})

it('history has incidents of the stretch, the newest first', async () => {
  const told = async (query: string) => {
    const { body } = await ask('GET', `/v1/alerts/history?tenant=t1${query}`)
    return body.incidents.map((row: { fingerprint: string }) => row.fingerprint.split('|')[0])
  }
  const all = await told('')
  expect(all).toEqual(expect.arrayContaining(['failures', 'revenue_drop', 'visits_drop', 'over']))
  expect(all.indexOf('failures')).toBeLessThan(all.indexOf('over'))
  expect(await told('&to=2026-01-05T09:00:00Z')).toEqual(['over'])
  expect(await told('&from=2026-01-05T09:00:00Z&to=2026-01-05T09:30:00Z')).toEqual(['visits_drop'])
  expect(await told('&rule=failures')).toEqual(['failures'])
  const wrong = await ask('GET', '/v1/alerts/history?tenant=t1&from=yesterday')
  expect([wrong.status, wrong.body.field]).toEqual([400, 'from'])
})

it('deliveries has attempts, the newest first', async () => {
  const told = async (query: string) => {
    const { body } = await ask('GET', `/v1/alerts/deliveries?tenant=t1${query}`)
    return body.deliveries.map((row: { event_id: string }) => row.event_id)
  }
  expect(await told('')).toEqual(['n2|1', 'n1|2', 'n1|1'])
  expect(await told('&receiver=mail')).toEqual(['n2|1'])
  expect(await told('&outcome=delivered,failed')).toEqual(['n2|1', 'n1|2'])
  expect(await told('&notification_id=n1&limit=1')).toEqual(['n1|2'])
})

it('GET /api/v1/alerts has the words of the seeds', async () => {
  const { status, body } = await ask('GET', '/api/v1/alerts?tenant=t1&severity=critical')
  expect([status, body.alerts.length]).toEqual([200, 1])
  expect(body.alerts[0]).toMatchObject({
    severity: 'critical',
    status: 'firing',
    rule: 'revenue_drop',
    startedAt: at('09:30'),
    moneyAtRisk: 123.45,
    currency: 'EUR',
  })
})

it('is 503 while the warehouse is away, and 403 with another tenant’s key', async () => {
  const query = async () => Promise.reject(new Error('gone'))
  const away = await open_alert_system({ health: async () => 'gone', query })
  expect((await away.ask('GET', '/v1/alerts?tenant=t1')).status).toBe(503)
  const api_keys = new Map([[createHash('sha256').update('key').digest('hex'), 't2']])
  const locked = await open_alert_system(served.warehouse, { api_keys })
  const as_t2 = { 'x-api-key': 'key' }
  expect((await locked.ask('GET', '/v1/alerts?tenant=t1')).status).toBe(401)
  expect((await locked.ask('GET', '/v1/alerts?tenant=t1', undefined, as_t2)).status).toBe(403)
  const own = await locked.ask('GET', '/v1/alerts', undefined, as_t2)
  expect(own.body.alerts.map((row: { rule: string }) => row.rule)).toEqual(['theirs'])
})
