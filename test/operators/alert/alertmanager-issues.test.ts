/** What users of prometheus/alertmanager reported of its notifications, each by its number: here it holds. */
import { expect } from 'vitest'
import { scenario } from '../../driver/scenario.ts'
import { enter } from '../conversation/talk.ts'
import { alert, delivery_app, routes, send, told, wait_until } from './delivery-app.ts'

const HOUR = 3600

scenario(
  '#226: that it is over is told of an alert that was silenced since it was told firing',
  'tenant',
  d => {
    enter(d, 'alert_routes', 'acme', routes())
    send(d, alert(0, 'revenue_drop'))
    wait_until(d, 60)
    send(d, alert(100, 'revenue_drop', { silenced_by: 'we are on it', reason: 'silenced' }))
    wait_until(d, 9 * HOUR)
    send(d, alert(9 * HOUR + 1, 'revenue_drop', { status: 'resolved', silenced_by: 'we are on it' }))
    wait_until(d, 10 * HOUR)
    expect(told(d)).toEqual([
      [30, 'ops', 1, 'new', 'firing', 'revenue_drop firing!'],
      [9 * HOUR + 31, 'ops', 2, 'resolved', 'resolved', 'revenue_drop resolved!'],
    ])
  },
  delivery_app,
)

scenario(
  '#844, #964: that it is over is told once, whatever is said of it again, however short the repeat interval',
  'tenant',
  d => {
    const often = { group_interval_ms: 60_000, repeat_interval_ms: 60_000 }
    enter(d, 'alert_routes', 'acme', routes(often))
    send(d, alert(0, 'revenue_drop'))
    wait_until(d, 40)
    send(d, alert(45, 'revenue_drop', { status: 'resolved' }))
    wait_until(d, 200)
    send(d, alert(210, 'revenue_drop', { status: 'resolved', event_id: 'again' }))
    send(d, alert(220, 'revenue_drop', { status: 'resolved', event_id: 'and again', reason: 'silenced' }))
    wait_until(d, 30 * HOUR)
    expect(told(d).map(([, , , reason]) => reason)).toEqual(['new', 'resolved'])
  },
  delivery_app,
)

scenario(
  '#2474: what is over is not told again with what repeats',
  'tenant',
  d => {
    enter(d, 'alert_routes', 'acme', routes({ group_by: [] }))
    send(d, alert(0, 'revenue_drop'), alert(0, 'visits_drop'))
    wait_until(d, 40)
    send(d, alert(100, 'visits_drop', { status: 'resolved' }))
    wait_until(d, 9 * HOUR)
    const repeats = told(d).filter(([, , , reason]) => reason === 'repeated')
    expect(repeats.length).toBe(2)
    for (const repeat of repeats) expect(repeat[5]).toBe('revenue_drop firing')
  },
  delivery_app,
)

scenario(
  '#3846: an alert that flaps within the group interval does not begin its repeat interval anew',
  'tenant',
  d => {
    const often = { group_wait_ms: 600_000, group_interval_ms: 900_000, repeat_interval_ms: 76 * 3_600_000 }
    enter(d, 'alert_routes', 'acme', routes(often))
    send(d, alert(0, 'revenue_drop'))
    wait_until(d, 700)
    for (let at = 700; at < 8 * HOUR; at += 600) {
      send(d, alert(at, 'revenue_drop', { status: 'resolved' }), alert(at + 200, 'revenue_drop'))
      wait_until(d, at + 300)
    }
    expect(told(d)).toEqual([[600, 'ops', 1, 'new', 'firing', 'revenue_drop firing!']])
  },
  delivery_app,
)

// Every scenario also runs with a task that comes back from its checkpoint after each batch.
scenario(
  '#4064: a restart tells nobody of an inhibited alert, however long it has been firing',
  'tenant',
  d => {
    enter(d, 'alert_routes', 'acme', routes({ group_by: ['fingerprint'] }))
    send(d, alert(0, 'feed_stale'), alert(0, 'revenue_drop', { inhibited_by: 'feed_stale|revenue EUR|drop' }))
    for (let at = 600; at <= 3 * HOUR; at += 600) {
      send(d, alert(at, 'revenue_drop', { inhibited_by: 'feed_stale|revenue EUR|drop', reason: 'repeated' }))
      wait_until(d, at + 100)
    }
    expect(told(d)).toEqual([[30, 'ops', 1, 'new', 'firing', 'feed_stale firing!']])
  },
  delivery_app,
)

scenario(
  '#4064: an alert that began long ago waits for what may inhibit it like any other',
  'tenant',
  d => {
    enter(d, 'alert_routes', 'acme', routes({ group_by: ['fingerprint'] }))
    const long_ago = { started_at: 0 }
    send(d, alert(0, 'revenue_drop', long_ago))
    send(d, alert(25, 'revenue_drop', { ...long_ago, inhibited_by: 'feed_stale', reason: 'inhibited' }))
    wait_until(d, 5 * HOUR)
    expect(told(d)).toEqual([])
  },
  delivery_app,
)
