import { expect } from 'vitest'
import { days, minutes } from '../../schemas/units.ts'
import { scenario } from '../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)
const touch = (event_id: string, at: number, channel = 'ads', customer_id = 'ada') =>
  ({
    event_id,
    tenant_id: 'acme',
    customer_id,
    occurred_at: T + at,
    channel,
    interaction: 'click',
    currency: 'EUR',
  }) as never
const brief = (
  rows: readonly { event_id: string; touches: number; revision: number; retracted: boolean }[],
) => rows.map(row => [Number(row.event_id) - T, row.touches, row.revision, row.retracted])

scenario('a gap ends a session; the timer emits it once', 'customer', d => {
  d.send('touchpoints', [touch('1', 0), touch('2', minutes(29), 'mail'), touch('3', minutes(65))])
  d.tick(T + minutes(68))
  expect(d.outputs('sessions')).toEqual([])
  d.tick(T + minutes(69))
  expect(brief(d.outputs('sessions'))).toEqual([[0, 2, 0, false]])
  expect(d.outputs('sessions')[0]).toMatchObject({
    first_channel: 'ads',
    last_channel: 'mail',
    duration_ms: minutes(29),
  })
  d.tick(T + minutes(200))
  expect(brief(d.outputs('sessions'))).toEqual([
    [0, 2, 0, false],
    [minutes(65), 1, 0, false],
  ])
})

scenario('a late touch corrects a closed session and merges two', 'customer', d => {
  d.send('touchpoints', [touch('1', 0), touch('2', minutes(50))])
  d.tick(T + minutes(200))
  d.send('touchpoints', [touch('3', minutes(25))])
  d.run()
  expect(brief(d.outputs('sessions'))).toEqual([
    [0, 1, 0, false],
    [minutes(50), 1, 0, false],
    [minutes(50), 1, 1, true],
    [0, 3, 1, false],
  ])
})

scenario('beyond the correction time a touch is late, and counted so', 'customer', d => {
  d.send('touchpoints', [touch('1', 0), touch('2', days(5)), touch('3', minutes(1))])
  d.run()
  expect(d.outcomes.late + d.outcomes.duplicate).toBeGreaterThanOrEqual(1)
  d.tick(T + days(20))
  expect(brief(d.outputs('sessions'))).toEqual([
    [0, 1, 0, false],
    [days(5), 1, 0, false],
  ])
  d.tick(T + days(60))
  expect([...d.fields('|timers').keys()].filter(timer => timer.startsWith('journey-sessions/'))).toEqual([])
  expect([...d.fields('acme|ada').keys()].filter(field => field.startsWith('journey'))).toEqual([])
})
