import { expect, it } from 'vitest'
import type { Backtest } from '../../../jobs/forecast/backtest.ts'
import { mix, weigh } from '../../../jobs/forecast/combine.ts'
import { history_of } from '../../../jobs/forecast/methods.ts'

/** A series whose methods erred by so much at its windows, two steps each; null: it could not be asked. */
const series = (errors: (number | null)[][], step = 2): Backtest => {
  const path = (error: number | null) => (error === null ? null : Float64Array.of(10 + error, 10 + error))
  return {
    input: { name: '', values: [], seasons: [] },
    history: history_of([], []),
    scale: 1,
    windows: errors.map((row, w) => ({
      origin: 100 - w * step,
      actual: Float64Array.of(10, 10),
      scale: 1,
      paths: row.map(path),
    })),
    paths: (errors[0] ?? [0, 0]).map(error => path(error ?? 0)),
  }
}
const rows = (weights: Float64Array): number[] => [...weights].map(x => Number(x.toFixed(3)))

it('weighs the better method more, and everything adds up to 1', () => {
  const { final } = weigh(
    [
      series([
        [1, 2],
        [1, 2],
        [1, 2],
        [1, 2],
      ]),
    ],
    2,
  )[0]!
  expect(final[0]! + final[1]!).toBeCloseTo(1, 12)
  // Alone, four windows count 4/5: (1/2)^(-4 × 4/5) = 9.2.
  expect(rows(final)).toEqual([0.902, 0.098])
})

it('learns from the other series where its own windows are few', () => {
  const others = Array.from({ length: 9 }, () =>
    series([
      [2, 1],
      [2, 1],
    ]),
  )
  const weights = weigh([...others, series([])], 2)
  expect(weights[9]!.final[1]).toBeGreaterThan(0.8)
  expect(weights[9]!.final[1]).toBeLessThan(weights[0]!.final[1]! + 1e-12)
})

it('a single series without windows uses all methods alike', () => {
  expect(rows(weigh([series([])], 2)[0]!.final)).toEqual([0.5, 0.5])
})

it('gives a method without a path no weight', () => {
  const one = series([
    [1, null],
    [1, null],
  ])
  const { final } = weigh([{ ...one, paths: [one.paths[0]!, null] }], 2)[0]!
  expect(rows(final)).toEqual([1, 0])
})

it('judges a window without what came in it, or beside it', () => {
  const kind = [
    [1, 1],
    [1, 1],
    [1, 1],
  ]
  const cruel = [
    [1, 1],
    [1, 9],
    [1, 1],
  ]
  const apart = (errors: number[][]) => weigh([series(errors)], 2)[0]!.by_window
  expect(rows(apart(cruel)[1]!)).toEqual(rows(apart(kind)[1]!))
  expect(rows(apart(cruel)[0]!)).not.toEqual(rows(apart(kind)[0]!))
  const close = (errors: number[][]) => weigh([series(errors, 1)], 2)[0]!.by_window
  expect(rows(close(cruel)[0]!)).toEqual(rows(close(kind)[0]!))
})

it('mixes the paths there are', () => {
  expect([
    ...mix([Float64Array.of(2, 4), null, Float64Array.of(6, 6)], Float64Array.of(0.25, 0, 0.75))!,
  ]).toEqual([5, 5.5])
  expect(mix([null], Float64Array.of(0))).toBeNull()
})
