/** alert_precision: given incidents, how many of each rule anybody cared for. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { alert_word } from './alert-rows.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('alerts', [
    // Seen after four minutes, over after twenty.
    alert_word('drop|a', '08:00', 1, '08:05', 'firing'),
    alert_word('drop|a', '08:00', 2, '08:09', 'acknowledged'),
    alert_word('drop|a', '08:00', 3, '08:25', 'resolved'),
    // Begins ten minutes behind its end: it flaps. Nobody saw it.
    alert_word('drop|a', '08:35', 1, '08:40', 'firing', { silenced_by: 's' }),
    alert_word('drop|a', '08:35', 2, '08:50', 'resolved'),
    // Two hours later; raised by the ladder, open.
    alert_word('drop|a', '10:50', 1, '10:55', 'firing'),
    alert_word('drop|a', '10:50', 2, '11:25', 'firing', { escalation: 1, inhibited_by: 'q' }),
    // Another part of the same rule, begun meanwhile: no flapping.
    alert_word('drop|b', '08:30', 1, '08:35', 'firing'),
    alert_word('drop|b', '08:30', 2, '09:35', 'resolved'),
    // Never fired.
    alert_word('drop|c', '08:30', 1, '08:35', 'pending'),
    alert_word('spike|a', '08:30', 1, '08:35', 'firing'),
  ])
})
afterAll(() => served.stop())

const precision = (as_of: string, lookback_days = 30) =>
  served.warehouse.query<Record<string, unknown>>(
    `SELECT * FROM alert_precision(
       as_of = {as_of:DateTime64(3, 'UTC')}, lookback_days = {lookback_days:Float64}, flap_minutes = 60
     ) WHERE tenant_id = 't1' ORDER BY rule`,
    { as_of, lookback_days },
  )

it('tells what was seen from what was over before anybody looked', async () => {
  const rows = await precision('2026-01-05 12:00:00.000')
  expect(rows).toEqual([
    {
      tenant_id: 't1',
      rule: 'drop',
      fired: 4,
      acknowledged: 1,
      resolved_unseen: 2,
      unseen_open: 1,
      precision_ratio: 1 / 3,
      flapped: 1,
      silenced: 1,
      inhibited: 1,
      escalated: 1,
      acknowledged_after_ms: 240_000,
      lasted_ms: 1_200_000,
    },
    expect.objectContaining({
      rule: 'spike',
      fired: 1,
      unseen_open: 1,
      precision_ratio: null,
      lasted_ms: null,
    }),
  ])
})

it('knows what was said by the moment, of the days before it', async () => {
  const [early] = await precision('2026-01-05 08:20:00.000')
  expect(early).toMatchObject({ fired: 1, acknowledged: 1, resolved_unseen: 0, precision_ratio: 1 })
  const [late] = await precision('2026-01-05 12:00:00.000', 0.1)
  expect(late).toMatchObject({ rule: 'drop', fired: 1, unseen_open: 1, flapped: 0 })
})
