/** anomaly_list: given what detectors said, what stands. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { at } from './alert-rows.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
const anomaly = (metric: string, start: string, revision: number, direction: string, more: object = {}) => ({
  _key: 't1',
  tenant_id: 't1',
  event_id: `${metric}||${start}`,
  occurred_at: at(start),
  window_ms: 300_000,
  revision,
  metric,
  direction,
  pattern: direction === 'none' ? '' : 'level_shift',
  value: 40,
  expected: 100,
  lower: 80,
  upper: 120,
  score: -6,
  baseline_points: 500,
  method: 'm',
  ...more,
})
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('anomalies', [
    anomaly('visits', '10:00', 0, 'drop'),
    anomaly('visits', '10:00', 1, 'drop', { value: 42 }),
    anomaly('visits', '10:05', 0, 'drop'),
    anomaly('visits', '10:05', 1, 'none'),
    anomaly('visits', '10:10', 0, 'none'),
    anomaly('revenue', '10:10', 0, 'spike', { pattern: '', currency: 'EUR', dimension: 'channel=google' }),
  ])
})
afterAll(() => served.stop())

const found = (as_of: string) =>
  served.warehouse.query<Record<string, unknown>>(
    `SELECT * FROM anomaly_list(as_of = {as_of:DateTime64(3, 'UTC')}) ORDER BY window_start`,
    { as_of: `2026-01-05 ${as_of}.000` },
  )

it('has each window that is unusual still, by its newest revision', async () => {
  expect(await found('10:15:00')).toEqual([
    {
      tenant_id: 't1',
      metric: 'visits',
      currency: null,
      dimension: '',
      window_start: '2026-01-05 10:00:00.000',
      window_ms: 300_000,
      pattern: 'level_shift',
      value: 42,
      expected: 100,
      difference: -58,
      lower: 80,
      upper: 120,
      score: -6,
      baseline_points: 500,
      method: 'm',
      revision: 1,
    },
    expect.objectContaining({ metric: 'revenue', pattern: 'spike', dimension: 'channel=google' }),
  ])
})

it('has windows once they are over', async () => {
  expect(await found('10:14:59')).toHaveLength(1)
  expect(await found('10:04:59')).toEqual([])
})
