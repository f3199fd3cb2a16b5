import { expect } from 'vitest'
import { hours, minutes } from '../../../schemas/units.ts'
import { scenario } from '../../driver/scenario.ts'
import { enter } from '../conversation/talk.ts'
import { alert, delivery_app, routes, send, T, told, wait_until } from './delivery-app.ts'

const HOUR = 3600

scenario(
  'a group waits for its like, tells what changes once per interval, and that it is over once',
  'tenant',
  d => {
    enter(d, 'alert_routes', 'acme', routes({ group_by: ['metric'] }))
    send(d, alert(0, 'revenue_drop'), alert(20, 'visits_drop'))
    wait_until(d, 40)
    send(d, alert(60, 'conversion_drop'), alert(200, 'visits_drop', { status: 'resolved' }))
    wait_until(d, 600)
    send(d, alert(610, 'revenue_drop', { status: 'resolved' }))
    send(d, alert(620, 'conversion_drop', { status: 'resolved' }))
    wait_until(d, 9 * HOUR)
    expect(told(d)).toEqual([
      [30, 'ops', 1, 'new', 'firing', 'revenue_drop firing!, visits_drop firing!'],
      [330, 'ops', 2, 'new', 'firing', 'conversion_drop firing!, visits_drop resolved!, revenue_drop firing'],
      [640, 'ops', 3, 'resolved', 'resolved', 'conversion_drop resolved!, revenue_drop resolved!'],
    ])
    const [first] = d.outputs('notifications')
    expect(first).toMatchObject({
      event_id: `ops|{metric="revenue"}|${T}|1`,
      tenant_id: 'acme',
      channel: 'webhook',
      to: 'https://ops.example/hook',
      secret: 'OPS',
      group_key: '{metric="revenue"}',
      labels: { metric: 'revenue' },
      truncated: 0,
      policy_version: 'delivery-1',
    })
    expect(first?.alerts[0]).toMatchObject({
      alert_id: 'revenue_drop|0|firing|fired',
      fingerprint: 'revenue_drop|revenue EUR|drop',
      description: 'with the numbers',
      expected: 2,
      ended_at: null,
    })
    expect(d.outputs('notifications')[2]?.alerts[0]?.ended_at).toBe(T + 620_000)
  },
  delivery_app,
)

scenario(
  'what still fires is told again after the repeat interval, and not once it is acknowledged',
  'tenant',
  d => {
    enter(d, 'alert_routes', 'acme', routes())
    send(d, alert(0, 'revenue_drop'))
    wait_until(d, 9 * HOUR)
    send(d, alert(9 * HOUR + 1, 'revenue_drop', { status: 'acknowledged', reason: 'acknowledged' }))
    wait_until(d, 30 * HOUR)
    send(d, alert(30 * HOUR + 1, 'revenue_drop', { status: 'resolved' }))
    wait_until(d, 31 * HOUR)
    expect(told(d)).toEqual([
      [30, 'ops', 1, 'new', 'firing', 'revenue_drop firing!'],
      [30 + 4 * HOUR, 'ops', 2, 'repeated', 'firing', 'revenue_drop firing'],
      [30 + 8 * HOUR, 'ops', 3, 'repeated', 'firing', 'revenue_drop firing'],
      [30 * HOUR + 31, 'ops', 4, 'resolved', 'resolved', 'revenue_drop resolved!'],
    ])
  },
  delivery_app,
)

scenario(
  'what rises is told with the next word, what escalates at once, also to those that only now match',
  'tenant',
  d => {
    const pager = { receivers: ['mail'], matchers: { severity: 'critical' }, continue: true }
    enter(d, 'alert_routes', 'acme', routes(pager, {}))
    send(d, alert(0, 'revenue_drop'))
    wait_until(d, 40)
    send(d, alert(100, 'revenue_drop', { severity: 'high', reason: 'rose' }))
    wait_until(d, 400)
    send(d, alert(410, 'revenue_drop', { severity: 'critical', reason: 'escalated' }))
    send(d, alert(420, 'revenue_drop', { severity: 'critical', status: 'resolved' }))
    wait_until(d, 2000)
    expect(told(d)).toEqual([
      [30, 'ops', 1, 'new', 'firing', 'revenue_drop firing!'],
      [330, 'ops', 2, 'changed', 'firing', 'revenue_drop firing!'],
      [410, 'ops', 3, 'escalated', 'firing', 'revenue_drop firing!'],
      [410, 'mail', 1, 'new', 'firing', 'revenue_drop firing!'],
      [710, 'mail', 2, 'resolved', 'resolved', 'revenue_drop resolved!'],
      [710, 'ops', 4, 'resolved', 'resolved', 'revenue_drop resolved!'],
    ])
  },
  delivery_app,
)

scenario(
  'silenced and inhibited alerts are not told; when that ends, they are',
  'tenant',
  d => {
    enter(d, 'alert_routes', 'acme', routes({ group_by: ['fingerprint'] }))
    send(d, alert(0, 'revenue_drop', { silenced_by: 'night' }), alert(0, 'visits_drop'))
    // What explains it fires a little later: nobody has been told by then.
    send(d, alert(20, 'visits_drop', { inhibited_by: 'feed_stale||drop', reason: 'inhibited' }))
    wait_until(d, 5 * HOUR)
    expect(told(d)).toEqual([])
    send(d, alert(5 * HOUR + 1, 'revenue_drop', { reason: 'unsilenced' }))
    wait_until(d, 5 * HOUR + 60)
    send(d, alert(5 * HOUR + 70, 'visits_drop', { reason: 'uninhibited' }))
    send(d, alert(5 * HOUR + 80, 'visits_drop', { status: 'resolved' }))
    wait_until(d, 6 * HOUR)
    expect(told(d)).toEqual([[5 * HOUR + 31, 'ops', 1, 'new', 'firing', 'revenue_drop firing!']])
  },
  delivery_app,
)

scenario(
  'a mute time delays: what is still bad is told at its end, and what is over by then too where it had been told',
  'tenant',
  d => {
    const night = { zone: 'Europe/Berlin', from: 2, to: 4, days: [1] }
    enter(d, 'alert_routes', 'acme', { ...routes({ mute_times: ['night'] }), mute_times: { night } })
    // 01:00 in Berlin; it is muted from 02:00 to 04:00, which is 03:00 in UTC.
    send(d, alert(0, 'revenue_drop'))
    wait_until(d, HOUR)
    send(d, alert(HOUR + 5, 'visits_drop'), alert(HOUR + 60, 'revenue_drop', { status: 'resolved' }))
    send(d, alert(HOUR + 70, 'conversion_drop'), alert(HOUR + 80, 'conversion_drop', { status: 'resolved' }))
    wait_until(d, 3 * HOUR - 1)
    expect(told(d)).toHaveLength(1)
    wait_until(d, 4 * HOUR)
    expect(told(d)).toEqual([
      [30, 'ops', 1, 'new', 'firing', 'revenue_drop firing!'],
      [3 * HOUR, 'ops', 2, 'resolved', 'resolved', 'revenue_drop resolved!'],
      [3 * HOUR, 'ops', 1, 'new', 'firing', 'visits_drop firing!'],
    ])
  },
  delivery_app,
)

scenario(
  'routes go in order and on with continue; a receiver of two is told once; without routes nobody is',
  'tenant',
  d => {
    send(d, alert(-5, 'early_drop'))
    enter(
      d,
      'alert_routes',
      '*',
      routes(
        { matchers: { rule: 'revenue*', currency: 'EUR' }, continue: true },
        { receivers: ['ops', 'mail'], matchers: { metric: 'revenue', rule: 'r*' } },
        { receivers: ['mail'] },
      ),
      T,
    )
    send(d, alert(0, 'revenue_drop'), alert(1, 'refund_spike'), alert(2, 'visits_drop'))
    wait_until(d, 60)
    expect(told(d).map(([, receiver, , , , which]) => [receiver, which])).toEqual([
      ['mail', 'revenue_drop firing!'],
      ['ops', 'revenue_drop firing!'],
      ['mail', 'refund_spike firing!'],
      ['ops', 'refund_spike firing!'],
      ['mail', 'visits_drop firing!'],
    ])
  },
  delivery_app,
)

scenario(
  'who is no receiver any more is told no more; a new address is told from then on',
  'tenant',
  d => {
    enter(d, 'alert_routes', 'acme', routes({ receivers: ['ops', 'mail'] }))
    send(d, alert(0, 'revenue_drop'))
    wait_until(d, 60)
    const receivers = [{ name: 'mail', channel: 'email', to: 'new@example.org' }] as const
    enter(d, 'alert_routes', 'acme', { receivers, routes: [{ receivers: ['mail'] }] }, T + minutes(2))
    wait_until(d, 5 * HOUR)
    send(d, alert(5 * HOUR + 1, 'revenue_drop', { status: 'resolved' }))
    wait_until(d, 6 * HOUR)
    expect(d.outputs('notifications').map(row => [row.receiver, row.to, row.reason])).toEqual([
      ['mail', 'duty@example.org', 'new'],
      ['ops', 'https://ops.example/hook', 'new'],
      ['mail', 'new@example.org', 'repeated'],
      ['mail', 'new@example.org', 'resolved'],
    ])
  },
  delivery_app,
)

scenario(
  'premium leads are told once: nothing ends them',
  'tenant',
  d => {
    enter(d, 'alert_routes', 'acme', routes())
    const lead = (at_s: number, id: string) =>
      alert(at_s, 'premium_lead', { fingerprint: `premium_lead|${id}|spike` })
    send(d, lead(0, 'a'), lead(1, 'b'))
    wait_until(d, 60)
    send(d, alert(70, 'premium_lead', { ...lead(70, 'a'), status: 'acknowledged', reason: 'acknowledged' }))
    send(d, lead(400, 'c'), { ...lead(401, 'd'), silenced_by: 'night' })
    wait_until(d, 10 * HOUR)
    expect(d.outputs('notifications').map(row => row.alerts.length)).toEqual([2, 1])
    expect([...d.fields('acme').keys()].filter(field => field.includes('#a|'))).toEqual([])
  },
  delivery_app,
)

scenario(
  'numbers go on while a group is remembered; afterwards nothing of it is left, and ids stay unique',
  'tenant',
  d => {
    enter(d, 'alert_routes', 'acme', routes())
    const fields = () => [...d.fields('acme').keys()].filter(field => field.includes('group-alerts#'))
    for (const begin of [0, HOUR, 400 * HOUR]) {
      wait_until(d, begin)
      send(d, alert(begin, 'revenue_drop'))
      wait_until(d, begin + 60)
      send(d, alert(begin + 400, 'revenue_drop', { status: 'resolved' }))
      wait_until(d, begin + 500)
    }
    expect(told(d).map(([, , sequence]) => sequence)).toEqual([1, 2, 3, 4, 1, 2])
    expect(new Set(d.outputs('notifications').map(row => row.event_id)).size).toBe(6)
    expect(fields()).toHaveLength(1)
    wait_until(d, 600 * HOUR)
    expect(fields()).toEqual([])
  },
  delivery_app,
)

scenario(
  'of very many alerts a hundred are listed, and how many more there are',
  'tenant',
  d => {
    enter(d, 'alert_routes', 'acme', routes())
    for (let n = 0; n < 130; n++)
      send(d, alert(0, 'churn_risk', { event_id: `c${n}`, fingerprint: `churn_risk|customer=${n}|spike` }))
    wait_until(d, hours(1) / 1000)
    expect(d.outputs('notifications').map(row => [row.alerts.length, row.truncated])).toEqual([[100, 30]])
  },
  delivery_app,
)
