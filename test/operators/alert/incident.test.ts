import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type AlertRule, alert_rules, severities } from '../../../operators/alert/alert-rules.ts'
import {
  acknowledge,
  calm,
  changes_at,
  is_open,
  pass_time,
  sound,
  told,
} from '../../../operators/alert/incident.ts'
import type { AlertIncident } from '../../../schemas/types.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'

const rule = alert_rules[0] as AlertRule
const quick: AlertRule = { ...rule, cooldown_ms: 0, keep_firing_ms: 0, escalation: [] }
const trouble = (at: number, severity: (typeof severities)[number] = 'medium') => ({
  from_ms: minutes(at - 15),
  at_ms: minutes(at),
  severity,
  cause_event_ids: [`c${at}`],
})
type Sounded = readonly [at: number, severity?: (typeof severities)[number]]
/** Sounds at each minute given; the minutes at which it fired with what it had suppressed, and the incident. */
const run = (...list: readonly Sounded[]) => {
  let incident: AlertIncident | undefined
  const fired: [at: number, suppressed: number, causes: number][] = []
  for (const [at, severity] of list) {
    const after = sound(incident, rule, trouble(at, severity))
    if (after.reason) fired.push([at, after.incident.suppressed, after.incident.cause_event_ids.length])
    incident = after.reason ? told(after.incident) : after.incident
  }
  return { fired, incident: incident as AlertIncident }
}

it('fires at once, then after the cooldown, and says what it kept back', () => {
  expect(run([0], [5], [10], [59], [60], [65]).fired).toEqual([
    [0, 0, 1],
    [60, 3, 4],
  ])
})

it('fires when it gets worse, not when it gets better', () => {
  expect(
    run([0], [5, 'high'], [10, 'medium'], [15, 'critical'], [44, 'critical'], [45, 'critical']).fired,
  ).toEqual([
    [0, 0, 1],
    [5, 0, 1],
    [15, 1, 2],
    [45, 1, 2],
  ])
})

it('is over after half an hour of normal points, once; new trouble waits for the cooldown', () => {
  const { incident } = run([0], [10])
  expect(calm(incident, rule, minutes(39))).toBe(null)
  const closed = calm(incident, rule, minutes(40))?.incident as AlertIncident
  expect(closed).toMatchObject({ phase: 'over', alerts: 2, started_ms: minutes(-15), ends: [minutes(40)] })
  expect(calm(closed, rule, minutes(90))).toBe(null)
  expect(calm(undefined, rule, minutes(90))).toBe(null)
  const soon = sound(told(closed), rule, trouble(50))
  expect(soon).toMatchObject({ reason: null, incident: { phase: 'over', suppressed: 1 } })
  expect(sound(soon.incident, rule, trouble(60))).toMatchObject({
    reason: 'recurred',
    incident: {
      ...{ phase: 'firing', suppressed: 1, alerts: 1, started_ms: minutes(45), recurrences: 1 },
      cause_event_ids: ['c50', 'c60'],
    },
  })
  expect(sound(soon.incident, rule, trouble(55, 'high')).reason).toBe('recurred')
})

it('tells or keeps back each trouble, and resolves each incident at most once', () => {
  const step = fc.record({
    wait: fc.integer({ min: 5, max: 50 }),
    bad: fc.boolean(),
    rank: fc.nat({ max: 4 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      let incident: AlertIncident | undefined
      let [at, troubles, accounted] = [0, 0, 0]
      const open = new Set<number>()
      for (const { wait, bad, rank } of steps) {
        at += wait
        if (bad) {
          troubles++
          const after = sound(incident, rule, trouble(at, severities[rank]))
          if (after.reason) {
            accounted += 1 + after.incident.suppressed
            open.add(after.incident.started_ms)
          }
          incident = after.reason ? told(after.incident) : after.incident
        } else {
          const closed = calm(incident, rule, minutes(at))?.incident
          if (!closed) continue
          accounted += closed.suppressed
          expect(open.delete(closed.started_ms)).toBe(true)
          incident = told(closed)
        }
      }
      expect(accounted + (incident?.suppressed ?? 0)).toBe(troubles)
      expect(open.size).toBe(incident && is_open(incident) ? 1 : 0)
    }),
  )
})

it('never gives two incidents one start, though their stretches begin alike', () => {
  const { incident } = run([0])
  const closed = told(calm(incident, rule, minutes(30))?.incident as AlertIncident)
  const again = sound(closed, rule, { ...trouble(45, 'critical'), from_ms: incident.started_ms })
  expect(again).toMatchObject({ reason: 'recurred', incident: { alerts: 1 } })
  expect(again.incident.started_ms).toBeGreaterThan(incident.started_ms)
})

it('waits while the rule is patient: time fires it, calm lets it lapse', () => {
  const patient = { ...rule, for_ms: minutes(10) }
  const pending = sound(undefined, patient, trouble(0))
  expect(pending).toMatchObject({ reason: 'pending', incident: { phase: 'pending', alerts: 1, fired_ms: 0 } })
  expect(changes_at(pending.incident, patient)).toBe(minutes(10))
  expect(sound(pending.incident, patient, trouble(5)).reason).toBe(null)
  expect(sound(pending.incident, patient, trouble(10))).toMatchObject({ reason: 'fired' })
  expect(pass_time(pending.incident, patient, minutes(9))).toBe(null)
  expect(pass_time(pending.incident, patient, minutes(99))?.incident).toMatchObject({
    ...{ phase: 'firing', told_ms: minutes(10), alerts: 2 },
  })
  const lapsed = calm(pending.incident, patient, minutes(5))
  expect(lapsed).toMatchObject({ reason: 'resolved', incident: { phase: 'over', ends: [] } })
  // It has fired nothing, so no cooldown holds back the next.
  expect(sound(lapsed?.incident, patient, trouble(6)).reason).toBe('pending')
})

it('is a step worse when nobody acknowledges it, and when it comes for the fourth time in a week', () => {
  const ladder = {
    ...rule,
    escalation: [
      { after_ms: minutes(20), severity: null },
      { after_ms: hours(1), severity: 'critical' as const },
    ],
  }
  const fired = sound(undefined, ladder, trouble(0)).incident
  const first = pass_time(fired, ladder, minutes(20))
  expect(first).toMatchObject({ reason: 'escalated', incident: { escalation: 1, told_ms: minutes(20) } })
  expect(severities[first?.incident.rank ?? 0]).toBe('high')
  const second = pass_time(first?.incident as AlertIncident, ladder, hours(2))?.incident as AlertIncident
  expect([severities[second.rank], changes_at(second, ladder)]).toEqual(['critical', null])
  const seen = acknowledge(fired, 'ada', minutes(5)).incident
  expect([seen.phase, seen.acknowledged_by, changes_at(seen, ladder)]).toEqual(['acknowledged', 'ada', null])
  expect(changes_at({ ...fired, silenced_by: 's' }, ladder)).toBe(null)
  // What was seen was less than this.
  expect(sound(seen, ladder, trouble(10, 'critical'))).toMatchObject({
    ...{ reason: 'rose', incident: { phase: 'firing', acknowledged_by: null } },
  })
  expect(sound(seen, ladder, trouble(90)).reason).toBe(null)

  const reasons: (string | null)[] = []
  let incident: AlertIncident | undefined
  for (let day = 0; day < 12; day++) {
    const at_ms = day < 5 ? days(day) : days(day + 20)
    const next = sound(incident, ladder, { ...trouble(0), from_ms: at_ms - 1, at_ms })
    reasons.push(`${next.reason} ${severities[next.incident.rank]} ${next.incident.recurrences}`)
    incident = calm(told(next.incident), ladder, at_ms + hours(1))?.incident
    if (day === 5) break
  }
  expect(reasons).toEqual([
    ...['fired medium 0', 'recurred medium 1', 'recurred medium 2', 'escalated high 3', 'escalated high 4'],
    'fired medium 0',
  ])
})

it('goes on firing while it flaps, until an hour has been calm', () => {
  let incident: AlertIncident | undefined
  const ends: number[] = []
  for (let at = 0; at < 200; at += 5) {
    const bad = at % 10 === 0 && at < 100
    const next = bad ? sound(incident, quick, trouble(at)) : calm(incident, quick, minutes(at))
    if (next?.reason === 'resolved') ends.push(at)
    if (next) incident = told(next.incident)
  }
  expect(ends).toEqual([5, 15, 25, 150])
  expect(incident?.phase).toBe('over')
})
