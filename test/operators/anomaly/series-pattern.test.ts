import { expect, test } from 'vitest'
import { new_detector } from '../../../operators/anomaly/judge-series.ts'
import { name_pattern, watch_trend } from '../../../operators/anomaly/series-pattern.ts'
import { SIGNALS, type Signal } from '../../../operators/anomaly/series-signals.ts'
import { hours } from '../../../schemas/units.ts'

const rarest = (signal: Signal) => SIGNALS.map(one => (one === signal ? 3 : 1))
const state = { ...new_detector(), spread: 1 }

test('one value is a spike or a drop, by its side', () => {
  expect(name_pattern(state, rarest('range'), 5, 3)).toBe('spike')
  expect(name_pattern(state, rarest('season_hour'), -5, 3)).toBe('drop')
  const other = { ...state, trend: [3, 3, -3, 3, 3, 3] }
  expect(name_pattern(other, rarest('season_day'), 3, 3)).toBe('spike')
})

test('what lasts is a level shift, or a trend where the hours rise one after the other', () => {
  const lasting = { ...state, trend: [...new Array(18).fill(0), 3, 3.2, 2.9, 3.1, 3, 3.1] }
  expect(name_pattern({ ...lasting, trend: lasting.trend.slice(10) }, rarest('season_day'), 3, 3)).toBe(
    'level_shift',
  )
  const rising = { ...state, trend: Array.from({ length: 24 }, (_, i) => i / 4) }
  expect(name_pattern(rising, rarest('season_day'), 6, 3)).toBe('trend')
  expect(name_pattern({ ...state, trend: rising.trend.map(x => -x) }, rarest('season_day'), -6, 3)).toBe(
    'trend',
  )
})

test('one that comes back at its hour recurs, and steps out of the usual are unusual', () => {
  const again = { ...state, told_hours: state.told_hours.map((_, i) => (i === 3 ? 1.9 : 0)) }
  expect(name_pattern(again, rarest('range'), 5, 3)).toBe('recurring')
  expect(name_pattern(again, rarest('range'), 5, 4)).toBe('spike')
  expect(name_pattern(state, rarest('shake'), 5, 3)).toBe('unusual')
})

test('the last 24 hours are kept, each by a mean that fades', () => {
  let watched = state
  for (let i = 0; i < 200; i++)
    watched = { ...watched, ...watch_trend(watched, i * hours(0.25), Math.floor(i / 4)) }
  expect(watched.trend).toEqual(Array.from({ length: 24 }, (_, i) => 26 + i))
  expect(watch_trend(watched, 200 * hours(0.25) - 1, 53).trend.at(-1)).toBeCloseTo(49 + 0.25 * 4, 12)
})
