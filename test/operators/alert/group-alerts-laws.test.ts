/** Whatever alerts do: each receiver hears that one fires before that it is over, that it is over once, and nothing else. */
import { describe, expect } from 'vitest'
import type { Alert } from '../../../schemas/types.ts'
import type { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { type Random, seeded_random } from '../../simulation/scheduler.ts'
import { enter } from '../conversation/talk.ts'
import { alert, delivery_app, routes, send, wait_until } from './delivery-app.ts'

const HOUR = 3600
const RULES = ['revenue_drop', 'visits_drop', 'conversion_drop', 'churn_risk']
const SEVERITIES = ['medium', 'high', 'critical'] as const

interface Life {
  status: Alert['status']
  rank: number
  silenced_by: string | null
}

/** The next row of an alert, as the rules would write it. */
const live = (life: Life, random: Random): string => {
  if (life.status === 'resolved') {
    Object.assign(life, { status: 'firing', rank: 0, silenced_by: random.pick([null, null, 'quiet']) })
    return 'fired'
  }
  const reason = random.pick(['resolved', 'resolved', 'acknowledged', 'rose', 'escalated', 'silenced'])
  if (reason === 'silenced') {
    life.silenced_by = life.silenced_by === null ? 'quiet' : null
    return life.silenced_by === null ? 'unsilenced' : 'silenced'
  }
  if (reason === 'resolved' || reason === 'acknowledged') life.status = reason
  else Object.assign(life, { rank: Math.min(life.rank + 1, 2), status: 'firing' })
  return reason
}

const play = (d: Driver, seed: number): void => {
  const random = seeded_random(seed)
  const night = { from: 1, to: 3, days: [1, 2, 3, 4, 5, 6, 7] }
  enter(d, 'alert_routes', 'acme', {
    ...routes(
      { receivers: ['ops'], group_by: [], mute_times: ['night'], continue: true },
      { receivers: ['mail'], group_by: ['fingerprint', 'severity'], repeat_interval_ms: 1_200_000 },
    ),
    mute_times: { night },
  })
  const lives = new Map(RULES.map(rule => [rule, { status: 'resolved', rank: 0, silenced_by: null } as Life]))
  const write = (at: number, rule: string, life: Life, reason: string): void => {
    const { status, rank, silenced_by } = life
    const severity = SEVERITIES[rank] as Alert['severity']
    send(d, alert(at, rule, { status, severity, silenced_by, reason, event_id: `${rule}|${at}` }))
  }
  let at = 0
  for (let step = 0; step < 90; step++) {
    at += random.between(1, random.pick([20, 200, 2000]))
    const rule = random.pick(RULES)
    const life = lives.get(rule) as Life
    wait_until(d, at)
    write(at, rule, life, live(life, random))
  }
  for (const [rule, life] of lives)
    if (life.status !== 'resolved') write(++at, rule, Object.assign(life, { status: 'resolved' }), 'resolved')
  wait_until(d, at + 24 * HOUR)
}

describe.each([1, 2, 3])('seed %i', seed => {
  scenario(
    'each group’s words follow each other',
    'tenant',
    d => {
      play(d, seed)
      const rows = d.outputs('notifications')
      expect(rows.length).toBeGreaterThan(15)
      expect(new Set(rows.map(({ event_id }) => event_id)).size).toBe(rows.length)
      const numbers = new Map<string, number>()
      const fires = new Map<string, Set<string>>()
      for (const { receiver, group_key, sequence, reason, status, alerts } of rows) {
        const group = `${receiver}|${group_key}`
        expect(sequence).toBe((numbers.get(group) ?? 0) + 1)
        numbers.set(group, sequence)
        const open = fires.get(group) ?? new Set<string>()
        fires.set(group, open)
        for (const { rule, status: is, changed } of alerts) {
          if (is === 'resolved') expect([changed, open.delete(rule)]).toEqual([true, true])
          else {
            expect(changed || open.has(rule), 'told as known, and is not').toBe(true)
            open.add(rule)
          }
        }
        expect(status).toBe(open.size > 0 ? 'firing' : 'resolved')
        expect(alerts.some(({ changed }) => changed)).toBe(reason !== 'repeated')
      }
      for (const [group, open] of fires) expect([group, [...open]]).toEqual([group, []])
      expect([...d.fields('acme').keys()].filter(field => field.includes('#a|'))).toEqual([])
    },
    delivery_app,
  )
})
