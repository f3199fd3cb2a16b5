import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type AlertRule, alert_rules, severities } from '../../../operators/alert/alert-rules.ts'
import { calm, sound, told } from '../../../operators/alert/incident.ts'
import type { AlertIncident } from '../../../schemas/types.ts'
import { minutes } from '../../../schemas/units.ts'

const rule = alert_rules[0] as AlertRule
const trouble = (at: number, severity: (typeof severities)[number] = 'medium') => ({
  from_ms: minutes(at - 15),
  at_ms: minutes(at),
  severity,
  cause_event_ids: [`c${at}`],
})
/** Sounds at each minute given; the minutes at which it fired with what it had suppressed, and the incident. */
const run = (...list: readonly (readonly [at: number, severity?: (typeof severities)[number]])[]) => {
  let incident: AlertIncident | undefined
  const fired: [at: number, suppressed: number, causes: number][] = []
  for (const [at, severity] of list) {
    const after = sound(incident, rule, trouble(at, severity))
    if (after.fires) fired.push([at, after.incident.suppressed, after.incident.cause_event_ids.length])
    incident = after.fires ? told(after.incident) : after.incident
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
  expect(calm(incident, minutes(39))).toBe(null)
  const closed = calm(incident, minutes(40)) as AlertIncident
  expect(closed).toMatchObject({ open: false, alerts: 2, started_ms: minutes(-15) })
  expect(calm(closed, minutes(90))).toBe(null)
  expect(calm(undefined, minutes(90))).toBe(null)
  const soon = sound(told(closed), rule, trouble(50))
  expect(soon).toMatchObject({ fires: false, incident: { open: false, suppressed: 1 } })
  expect(sound(soon.incident, rule, trouble(60))).toMatchObject({
    fires: true,
    incident: {
      open: true,
      suppressed: 1,
      alerts: 1,
      started_ms: minutes(45),
      cause_event_ids: ['c50', 'c60'],
    },
  })
  expect(sound(soon.incident, rule, trouble(55, 'high')).fires).toBe(true)
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
          if (after.fires) {
            accounted += 1 + after.incident.suppressed
            open.add(after.incident.started_ms)
          }
          incident = after.fires ? told(after.incident) : after.incident
        } else {
          const closed = calm(incident, minutes(at))
          if (!closed) continue
          accounted += closed.suppressed
          expect(open.delete(closed.started_ms)).toBe(true)
          incident = told(closed)
        }
      }
      expect(accounted + (incident?.suppressed ?? 0)).toBe(troubles)
      expect(open.size).toBe(incident?.open ? 1 : 0)
    }),
  )
})

it('never gives two incidents one start, though their stretches begin alike', () => {
  const { incident } = run([0])
  const closed = told(calm(incident, minutes(30)) as AlertIncident)
  const hour = { ...trouble(45, 'critical'), from_ms: incident.started_ms }
  const again = sound(closed, rule, hour)
  expect(again).toMatchObject({ fires: true, incident: { alerts: 1, started_ms: incident.alerted_ms } })
  expect(again.incident.started_ms).toBeGreaterThan(incident.started_ms)
})
