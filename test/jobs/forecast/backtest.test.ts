import { expect, it } from 'vitest'
import { backtest, change_size, origins_of, overlap } from '../../../jobs/forecast/backtest.ts'
import { history_of } from '../../../jobs/forecast/methods.ts'

const series = (values: number[], seasons: number[] = []) => ({ name: 's', values, seasons })

it('asks at earlier moments, newest first, the last leaving the whole horizon', () => {
  expect(origins_of(100, 6, 1)).toEqual([94, 92, 90, 88, 86, 84, 82, 80])
  // Steps of half a day, so that origins fall on different hours.
  expect(origins_of(700, 48, 24).slice(0, 3)).toEqual([652, 628, 604])
  expect(origins_of(120, 18, 12).slice(0, 3)).toEqual([102, 96, 90])
})

it('shortens the horizon of short series, and asks nothing of the shortest', () => {
  expect(origins_of(14, 6, 1)).toEqual([10, 8])
  expect(origins_of(30, 18, 12)).toEqual([29])
  expect(origins_of(7, 6, 1)).toEqual([])
  expect(origins_of(28, 18, 12)).toEqual([])
})

it('knows at an origin only what came before', () => {
  const values = Array.from({ length: 40 }, (_, i) => 3 * i)
  const { windows, paths } = backtest(series(values), ['naive', 'linear_regression'], 4)
  expect([...paths[0]!]).toEqual([117, 117, 117, 117])
  for (const { origin, actual, paths: then } of windows) {
    expect([...actual]).toEqual(values.slice(origin, origin + 4))
    expect(then[0]![0]).toBe(values[origin - 1])
    expect(then[1]![3]).toBeCloseTo(actual[3]!, 9)
  }
  const changed = [...values.slice(0, 36), 900, 900, 900, 900]
  expect(backtest(series(changed), ['holt'], 4).windows[0]!.paths).toEqual(
    backtest(series(values), ['holt'], 4).windows[0]!.paths,
  )
})

it('has null for what the past was too short for', () => {
  const values = Array.from({ length: 18 }, (_, i) => i % 4)
  const { windows, paths } = backtest(series(values, [4]), ['naive', 'two_season'], 3)
  expect(paths[1]).not.toBeNull()
  expect(windows.at(-1)!.paths[1]).toBeNull()
})

it('scales by the usual change, more than 0 also where nothing happened', () => {
  expect(change_size(history_of([1, 3, 2], []))).toBe(1.5)
  const { scale, windows } = backtest(series([...new Array(30).fill(0), 50, 0, 70]), ['naive'], 3)
  expect(scale).toBeCloseTo(170 / 32, 10)
  expect(windows.at(-1)!.scale).toBeCloseTo(0.05 * scale, 10)
  expect(backtest(series(new Array(20).fill(6)), ['naive'], 3).scale).toBe(1)
})

it('says whether two windows share values', () => {
  const window = (origin: number) => ({ origin, actual: new Float64Array(3) })
  expect([
    overlap(window(5), window(7)),
    overlap(window(7), window(5)),
    overlap(window(5), window(8)),
  ]).toEqual([true, true, false])
})
