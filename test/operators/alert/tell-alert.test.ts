import { expect, it } from 'vitest'
import { NO_INCIDENT, NOTHING_SAID } from '../../../operators/alert/incident.ts'
import { is_in_force, mutes_of, review, write } from '../../../operators/alert/tell-alert.ts'
import { minutes } from '../../../schemas/units.ts'
import { scenario } from '../../driver/scenario.ts'
import { alert_app, anomaly, at, own_rules, point, problems, say, T, told } from './alert-app.ts'

const silence = (silence_id: string, matchers: Readonly<Record<string, string>>) => ({
  ...{ silence_id, matchers, starts_ms: 10, ends_ms: 20 },
})
const quiet = { forgets: false, leads: 0, due_ms: null, silences: [], inhibitors: [] }
const incident = {
  ...NO_INCIDENT,
  phase: 'firing',
  rule: 'visits_drop',
  rank: 3,
  said: { ...NOTHING_SAID, metric: 'visits' },
} as const

it('is in force from its start until before its end', () => {
  expect([9, 10, 19, 20].map(ms => is_in_force(silence('a', {}), ms))).toEqual([false, true, true, false])
})

it('names the silence and the alert that keep people from being told, the same while it holds', () => {
  const silences = [
    silence('a', { metric: 'vis*' }),
    silence('b', { severity: 'high' }),
    silence('c', { rule: 'x' }),
  ]
  const inhibitors = [
    { fingerprint: 'f', rules: ['visits_drop'] },
    { fingerprint: 'g', rules: ['visits_drop'] },
    { fingerprint: 'h', rules: [] },
  ]
  const state = { ...quiet, silences, inhibitors }
  expect(mutes_of(state, 'me', incident, 15)).toEqual({ inhibited_by: 'f', silenced_by: 'a' })
  const before = { ...incident, inhibited_by: 'g', silenced_by: 'b' }
  expect(mutes_of(state, 'me', before, 15)).toEqual({ inhibited_by: 'g', silenced_by: 'b' })
  expect(mutes_of(state, 'f', incident, 25)).toEqual({ inhibited_by: 'g', silenced_by: null })
  expect(mutes_of(quiet, 'me', before, 15)).toEqual({ inhibited_by: null, silenced_by: null })
})

const with_slots = (slots: Record<string, typeof incident | Record<string, unknown>>) => {
  const emitted: Record<string, unknown>[] = []
  const turn = {
    ...{ key: 'acme', catalog: () => undefined },
    slots: () => Object.entries(slots),
    put: (id: string, value: typeof incident) => {
      slots[id] = value
    },
    emit: (row: Record<string, unknown>) => emitted.push(row),
  }
  return { emitted, slots, turn: turn as never }
}

it('writes a row where there is a reason, and forgets what the row has told', () => {
  const { emitted, slots, turn } = with_slots({})
  const loud = { ...incident, suppressed: 3, cause_event_ids: ['a'] }
  write(quiet, 'f', { incident: loud, reason: null }, 15, turn)
  expect([emitted.length, slots.f]).toEqual([0, loud])
  write(quiet, 'f', { incident: loud, reason: 'fired' }, 15, turn)
  expect(emitted).toMatchObject([
    { status: 'firing', reason: 'fired', suppressed: 3, title: 'Visits dropped' },
  ])
  expect(slots.f).toMatchObject({ suppressed: 0, cause_event_ids: [] })
})

it('tells of every open alert what has changed about it, and of the others nothing', () => {
  const state = { ...quiet, silences: [silence('a', { metric: 'visits' })] }
  const { emitted, turn } = with_slots({ f: incident, over: { ...incident, phase: 'over' } })
  review(state, 15, turn)
  review(state, 16, turn)
  review(state, 20, turn)
  expect(emitted.map(row => [row.reason, row.status, row.silenced_by, row.occurred_at])).toEqual([
    ['silenced', 'firing', 'a', 15],
    ['unsilenced', 'firing', null, 20],
  ])
})

scenario(
  'what an alert explains is inhibited while it fires, and told so; resolved stays resolved',
  'tenant',
  d => {
    own_rules(d, {
      name: 'maintenance',
      metric: 'maintenance',
      when: 'above',
      threshold: 0,
      inhibits: ['revenue_drop'],
      keep_firing_ms: 0,
    })
    at(d, 15, anomaly(15, -6))
    at(d, 20, point(20, 'maintenance', 1), anomaly(20, -6))
    at(d, 25, point(25, 'maintenance', 1), anomaly(25, -9))
    at(d, 30, point(30, 'maintenance', 0), anomaly(30, -6))
    at(d, 60, anomaly(60, 0))
    expect(told(d)).toEqual([
      'revenue_drop firing fired medium 15',
      'maintenance firing fired medium 20',
      'revenue_drop firing inhibited medium 20',
      'revenue_drop firing rose high 25',
      'maintenance resolved resolved medium 30',
      'revenue_drop firing uninhibited high 30',
      'revenue_drop resolved resolved high 60',
    ])
    expect(problems(d.outputs('alerts'))).toEqual([])
  },
  alert_app,
)

scenario(
  'a silence begins and ends by its own time',
  'tenant',
  d => {
    at(d, 15, anomaly(15, -6))
    const until = { starts_at: T + minutes(20), ends_at: T + minutes(30) }
    say(d, 16, 'silence', { silence_id: 's', matchers: { rule: 'revenue_*', currency: 'EUR' }, ...until })
    at(d, 25, anomaly(25, -6))
    at(d, 35, anomaly(35, -6))
    expect(
      d.outputs('alerts').map(row => [row.reason, row.silenced_by, (row.occurred_at - T) / minutes(1)]),
    ).toEqual([
      ['fired', null, 15],
      ['silenced', 's', 20],
      ['unsilenced', null, 30],
    ])
  },
  alert_app,
)
