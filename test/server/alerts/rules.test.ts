/** Rules over HTTP: what holds, back-tested before it is kept, and nothing that somebody else wrote is lost. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { alert_rules } from '../../../operators/alert/alert-rules.ts'
import { alert_word } from '../../sql/alert-rows.ts'
import { type Served, serve_warehouse } from '../../sql/served-warehouse.ts'
import { NOW, open_alert_system } from './alert-system.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const LAST = NOW - 15 * MINUTE
let served: Served
let system: Awaited<ReturnType<typeof open_alert_system>>

/** A day of visits, a hundred each five minutes; none of them in the fourth hour before the end, five in a part. */
const visits = () =>
  Array.from({ length: 288 }, (_, i) => {
    const start = LAST - (288 - i) * 5 * MINUTE
    const missing = i >= 240 && i < 252
    return ['', 'channel=google'].map(dimension => ({
      ...{ _key: 't1', tenant_id: 't1', event_id: `visits|${dimension}|${start}`, kind: 'count', dimension },
      ...{ occurred_at: new Date(start).toISOString(), window_ms: 5 * MINUTE, revision: 0, metric: 'visits' },
      ...(dimension ? { value: 40, numerator: 40, denominator: 1 } : {}),
      ...(dimension ? {} : { value: missing ? 20 : 100, numerator: missing ? 20 : 100, denominator: 1 }),
      ...{ expected: dimension ? 40 : 100, samples: 100 },
    }))
  }).flat()

beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('metric_points', visits())
})
afterAll(() => served.stop())
beforeEach(async () => {
  system = await open_alert_system(served.warehouse)
})

const rule = {
  metric: 'visits',
  when: 'drops_by',
  threshold: 0.5,
  keep_firing_ms: 10 * MINUTE,
  severity: 'high',
}
const put = (name: string, body: unknown, query = '') =>
  system.ask('PUT', `/v1/alerts/rules/${name}?tenant=t1${query}`, body)
const listed = async () => (await system.ask('GET', '/v1/alerts/rules?tenant=t1')).body
const own_names = async () =>
  (await listed()).rules
    .filter((one: { built_in: boolean }) => !one.built_in)
    .map((one: { name: string }) => one.name)

describe('a rule of a tenant’s own', () => {
  it('is back-tested and kept, in the catalog', async () => {
    const answer = await put('few_visits', rule)
    expect([answer.status, answer.body.saved, answer.body.revision]).toEqual([200, true, 1])
    const { backtest } = answer.body
    expect(backtest).toMatchObject({ points: 288, fired: 1, verdict: null, to: new Date(NOW).toISOString() })
    const from = Date.parse(backtest.firings[0].from)
    expect(from).toBe(LAST - 48 * 5 * MINUTE + 5 * MINUTE)
    // An hour of trouble, and the patience behind it.
    expect(backtest.firings[0]).toMatchObject({ severity: 'high', value: 20, expected: 100 })
    expect(backtest.firings[0].lasted_ms).toBeGreaterThanOrEqual(60 * MINUTE)
    expect(backtest.firings[0].lasted_ms).toBeLessThanOrEqual(75 * MINUTE)
    const [entry] = await system.written('catalog')
    expect(entry).toMatchObject({ tenant_id: 't1', kind: 'alert_rule_lists', id: 't1', revision: 1 })
    expect(JSON.parse(String(entry!.body))).toEqual({ rules: [{ name: 'few_visits', ...rule }] })
    expect(await own_names()).toEqual(['few_visits'])
    const one = await system.ask('GET', '/v1/alerts/rules/few_visits?tenant=t1')
    expect(one.body).toMatchObject({ ...rule, built_in: false, enabled: true, revision: 1 })
  })

  it('is only back-tested when that is asked', async () => {
    const answer = await put('few_visits', rule, '&dry_run=true')
    expect([answer.status, answer.body.saved, answer.body.backtest.fired]).toEqual([200, false, 1])
    expect(await system.written('catalog')).toEqual([])
  })

  it('is replaced by one of its name, and taken back', async () => {
    await put('one', rule)
    await put('two', { ...rule, inhibits: ['one', 'visits_drop'] })
    await put('one', { ...rule, threshold: 0.3 })
    expect(await own_names()).toEqual(['one', 'two'])
    const used = await system.ask('DELETE', '/v1/alerts/rules/one?tenant=t1')
    expect([used.status, used.body.reason]).toEqual([409, 'two inhibits one: take that back first'])
    expect((await system.ask('DELETE', '/v1/alerts/rules/two?tenant=t1')).body.revision).toBe(4)
    expect((await system.ask('DELETE', '/v1/alerts/rules/two?tenant=t1')).status).toBe(404)
    expect(await own_names()).toEqual(['one'])
  })

  it.each([
    [{ ...rule, when: 'sideways' }, 'when'],
    [{ ...rule, threshold: 2 }, 'threshold'],
    [{ ...rule, colour: 'red' }, 'colour'],
    [{ ...rule, name: 'other' }, 'name'],
    [{ ...rule, inhibits: ['nothing'] }, 'inhibits[0]'],
    [{ ...rule, escalation: [{ after_ms: 0 }] }, 'escalation[0].after_ms'],
    [[], undefined],
  ])('%j is refused, naming %s', async (body, field) => {
    const answer = await put('few_visits', body)
    expect([answer.status, answer.body.field]).toEqual([400, field])
    expect(await system.written('catalog')).toEqual([])
  })

  it('is kept untested while the warehouse is away, when that is asked', async () => {
    const query = async () => Promise.reject(new Error('gone'))
    system = await open_alert_system({ health: async () => 'gone', query })
    expect((await put('few_visits', rule)).status).toBe(503)
    expect(await system.written('catalog')).toEqual([])
    expect((await put('few_visits', rule, '&backtest=skip')).body).toMatchObject({
      saved: true,
      backtest: null,
    })
  })
})

describe('a built-in rule', () => {
  it('is listed with what the tenant says of it', async () => {
    const before = await listed()
    expect(before.rules.map((one: { name: string }) => one.name)).toEqual(alert_rules.map(({ name }) => name))
    const answer = await put('conversion_drop', { threshold: 0.2, severity: 'critical' })
    expect(answer.body).toMatchObject({ saved: true, rule: { name: 'conversion_drop', built_in: true } })
    const found = (await listed()).rules.find((one: { name: string }) => one.name === 'conversion_drop')
    expect(found).toMatchObject({
      built_in: true,
      enabled: true,
      threshold: 0.2,
      severity: 'critical',
      revision: 1,
    })
    expect(found.override).toEqual({ threshold: 0.2, severity: 'critical' })
  })

  it('is switched off, and back to what it was', async () => {
    expect((await put('premium_lead', { enabled: false })).body).toMatchObject({
      saved: true,
      backtest: null,
    })
    const off = (await listed()).rules.find((one: { name: string }) => one.name === 'premium_lead')
    expect(off.enabled).toBe(false)
    expect((await system.ask('DELETE', '/v1/alerts/rules/premium_lead?tenant=t1')).status).toBe(200)
    const on = (await listed()).rules.find((one: { name: string }) => one.name === 'premium_lead')
    expect([on.enabled, on.override]).toEqual([true, null])
    expect((await system.ask('DELETE', '/v1/alerts/rules/premium_lead?tenant=t1')).status).toBe(404)
  })

  it('takes no fields of other rules', async () => {
    const answer = await put('conversion_drop', { metric: 'visits' })
    expect([answer.status, answer.body.field]).toEqual([400, 'metric'])
  })
})

describe('writers at once', () => {
  it('of one process lose nothing', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `rule_${i}`)
    const answers = await Promise.all(names.map(name => put(name, rule, '&backtest=skip')))
    expect(answers.map(answer => answer.status)).toEqual(names.map(() => 200))
    expect((await own_names()).sort()).toEqual(names.sort())
  })

  /** A process on the same log, whose clock goes otherwise; `before` happens just before it writes. */
  const another = (ahead_ms: number, before: (write: number) => Promise<unknown> = async () => {}) => {
    const { log, registry, emitter } = system.deps
    let [nonces, writes] = [0, 0]
    const clock = {
      now: () => NOW + ahead_ms,
      sleep: async () => {},
      nonce: () => `b${ahead_ms}-${++nonces}`,
    }
    const append: typeof emitter.append = async (topic, rows) => {
      await before(writes++)
      return emitter.append(topic, rows)
    }
    return open_alert_system(served.warehouse, { log, registry, clock, emitter: { ...emitter, append } })
  }

  it.each([0, 1000, -1000])('of two processes lose nothing, clocks %i ms apart', async ahead_ms => {
    await put('first', rule, '&backtest=skip')
    // Twice the other is quicker; the third time it is written on top of both.
    const beside = await another(ahead_ms, async write => {
      if (write < 2) await put(`quick_${write}`, rule, '&backtest=skip')
    })
    const url = '/v1/alerts/rules/slow?tenant=t1&backtest=skip'
    expect((await beside.ask('PUT', url, rule)).status).toBe(200)
    const names = ['first', 'quick_0', 'quick_1', 'slow']
    // A process that comes later reads the same, as tasks do: what is newest by its moment holds.
    const later = await another(5000)
    const { body } = await later.ask('GET', '/v1/alerts/rules?tenant=t1')
    const own = body.rules.filter((one: { built_in: boolean }) => !one.built_in)
    expect(own.map((one: { name: string }) => one.name).sort()).toEqual(names)
    await put('last', rule, '&backtest=skip')
    const entries = await system.written('catalog')
    expect(JSON.parse(String(entries.at(-1)!.body)).rules).toHaveLength(5)
  })

  it('give up where others are always quicker, and say so', async () => {
    const beside = await another(0, write => put(`quick_${write}`, rule, '&backtest=skip'))
    const answer = await beside.ask('PUT', '/v1/alerts/rules/slow?tenant=t1&backtest=skip', rule)
    expect([answer.status, answer.body.error]).toEqual([409, 'CONFLICT'])
  })

  it('build upon what somebody wrote by hand', async () => {
    await put('first', rule, '&backtest=skip')
    const by_hand = {
      event_id: 'hand',
      tenant_id: 't1',
      occurred_at: NOW,
      kind: 'alert_rule_lists',
      id: 't1',
    }
    const body = JSON.stringify({ rules: [{ name: 'hand', ...rule }] })
    const sent = { ...by_hand, effective_at: NOW, revision: 7, body }
    expect((await system.ask('POST', '/v1/events/catalog', sent)).status).toBe(202)
    expect((await put('next', rule, '&backtest=skip')).body.revision).toBe(8)
    expect(await own_names()).toEqual(['hand', 'next'])
    // Planned for tomorrow: nothing is made of it today, and everything of it then.
    const planned = { ...sent, event_id: 'plan', effective_at: NOW + DAY, revision: 0 }
    expect((await system.ask('POST', '/v1/events/catalog', planned)).status).toBe(202)
    await put('today', rule, '&backtest=skip')
    expect(await own_names()).toEqual(['hand', 'next', 'today'])
    const tomorrow = await another(2 * DAY)
    await tomorrow.ask('PUT', '/v1/alerts/rules/then?tenant=t1&backtest=skip', rule)
    const { body: then } = await tomorrow.ask('GET', '/v1/alerts/rules/then?tenant=t1')
    expect(then.built_in).toBe(false)
    const rules = JSON.parse(String((await system.written('catalog')).at(-1)!.body)).rules
    expect(rules.map((one: { name: string }) => one.name)).toEqual(['hand', 'then'])
  })

  it('are told when they wrote on top of what they had not read', async () => {
    await put('one', rule, '&revision=0')
    const late = await put('two', rule, '&revision=0')
    expect([late.status, late.body.field]).toEqual([409, 'revision'])
    expect((await put('two', rule, '&revision=1')).body.revision).toBe(2)
  })
})

describe('POST /v1/alerts/rules/backtest', () => {
  const ask = (body: object) => system.ask('POST', '/v1/alerts/rules/backtest', { tenant_id: 't1', ...body })
  const given = { name: 'x', ...rule }

  it('tells precision and recall against labels', async () => {
    const iso = (ms: number) => new Date(ms).toISOString()
    const labels = [
      { from: iso(LAST - 4 * 60 * MINUTE), to: iso(LAST - 3 * 60 * MINUTE) },
      { from: iso(LAST - 20 * 60 * MINUTE), to: iso(LAST - 19 * 60 * MINUTE) },
    ]
    const { body } = await ask({ rule: given, labels })
    expect(body.backtest.verdict).toEqual({
      source: 'labels',
      labels: 2,
      right: 1,
      found: 1,
      precision_ratio: 1,
      recall_ratio: 0.5,
    })
  })

  it('takes what people acknowledged where there are no labels', async () => {
    const more = { metric: 'visits' }
    await served.fill('alerts', [
      alert_word('visits_drop|v|drop', '06:00', 1, '06:10', 'firing', more),
      alert_word('visits_drop|v|drop', '06:00', 2, '06:12', 'acknowledged', more),
      alert_word('visits_drop|v|drop', '06:00', 3, '07:00', 'resolved', more),
    ])
    const { body } = await ask({ rule: given })
    expect(body.backtest.verdict).toMatchObject({ source: 'acknowledgements', labels: 1, right: 1, found: 1 })
    await served.empty('alerts')
  })

  it('looks at parts, and at the stretch that is named', async () => {
    const parts = { ...given, dimension: '*', when: 'below', threshold: 50 }
    expect((await ask({ rule: parts })).body.backtest).toMatchObject({ points: 288, fired: 1 })
    const stretch = { from: new Date(NOW - DAY).toISOString(), to: new Date(NOW - DAY / 2).toISOString() }
    const { backtest } = (await ask({ rule: given, ...stretch })).body
    expect([backtest.fired, backtest.per_week, backtest.points]).toEqual([0, 0, 144])
  })

  it('refuses what would keep everybody else waiting', async () => {
    const start = NOW - 90 * DAY
    await served.warehouse.command(
      `INSERT INTO metric_points (_key, tenant_id, event_id, occurred_at, window_ms, metric, kind, dimension, value, samples)
       SELECT 't1', 't1', concat('many', toString(number)), fromUnixTimestamp64Milli(${start} + number * 60000), 60000, 'many',
         'count', '', 1, 1 FROM numbers(60001)`,
    )
    const asked = { rule: { ...given, metric: 'many' }, from: new Date(start).toISOString() }
    const { status, body } = await ask(asked)
    expect([status, body.error]).toEqual([413, 'TOO_LARGE'])
    expect(body.remedy).toContain('npm run backtest')
    const less = await ask({ ...asked, to: new Date(start + 10 * DAY).toISOString() })
    expect(less.body.backtest.points).toBe(14_400)
  })

  it('knows rules by name', async () => {
    await put('few_visits', rule)
    expect((await ask({ rule: 'few_visits' })).body.backtest.fired).toBe(1)
    expect((await ask({ rule: 'payment_failures' })).body).toMatchObject({
      rule: { name: 'payment_failures', built_in: true },
      backtest: { fired: 0, points: 0 },
    })
    expect((await ask({ rule: 'nothing' })).body.field).toBe('rule')
    expect((await ask({ rule: 'premium_lead' })).body.field).toBe('rule')
  })

  it.each([
    [{ rule: given, from: '2026-01-05T10:00:00Z', to: '2026-01-05T10:00:00Z' }, 'from'],
    [{ rule: given, from: '2025-01-05T10:00:00Z' }, 'from'],
    [{ rule: given, labels: [{ from: '2026-01-05T10:00:00Z', to: '2026-01-04T10:00:00Z' }] }, 'labels.0.to'],
    [{ rule: 7 }, 'rule'],
    [{ rule: { ...given, when: 'x' } }, 'when'],
    [{}, 'rule'],
  ])('%j is refused, naming %s', async (body, field) => {
    const answer = await ask(body)
    expect([answer.status, answer.body.field]).toEqual([400, field])
  })
})

it('POST /api/v1/bi/alerts/rules keeps a rule too', async () => {
  const body = { tenant_id: 't1', name: 'few_visits', ...rule }
  const tried = await system.ask('POST', '/api/v1/bi/alerts/rules', { ...body, dry_run: true })
  expect([tried.status, tried.body.saved]).toEqual([200, false])
  const kept = await system.ask('POST', '/api/v1/bi/alerts/rules', body)
  expect([kept.status, kept.body.saved, kept.body.backtest.fired]).toEqual([201, true, 1])
  expect(await own_names()).toEqual(['few_visits'])
  const nameless = await system.ask('POST', '/api/v1/bi/alerts/rules', { tenant_id: 't1', ...rule })
  expect([nameless.status, nameless.body.field]).toEqual([400, 'name'])
})
