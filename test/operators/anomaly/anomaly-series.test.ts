import { expect, it } from 'vitest'
import { metric_of, new_season, new_series, season_of } from '../../../operators/anomaly/anomaly-series.ts'

it('a series is what points change and what hours change, and nothing else', () => {
  const series = new_series(5, 'visits')
  expect({ ...metric_of(series), ...season_of(series) }).toEqual(series)
  const names = Object.keys(season_of(series))
  expect(names).toEqual(Object.keys(new_season()))
  expect(Object.keys(metric_of(series)).filter(name => names.includes(name))).toEqual([])
  expect(series).toMatchObject({ metric: 'visits', started_ms: 5, latest_ms: 4, hour_ms: 0, points: 0 })
})
