import { expect, it } from 'vitest'
import { calibrate, type ErrorSeries, type HalfWidths } from '../../../jobs/forecast/calibrate.ts'
import { random_of } from '../../operators/anomaly/simulated-metric.ts'

const random = random_of(77)
const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** Walks: errors grow with the square root of the step; `size` is in units of the scale. */
const walk = (windows: number, horizon: number, scale: number, size: number): ErrorSeries => ({
  scale,
  windows: Array.from({ length: windows }, (_, w) => {
    let sum = 0
    const errors = Float64Array.from({ length: horizon }, () => {
      sum += scale * size * normal()
      return sum
    })
    return { origin: 1000 - w * horizon, scale, errors }
  }),
})

it('covers fresh errors as often as it says, at every step, pooled over small and large, quiet and wild series', () => {
  const size = (s: number): number => (s % 2 === 0 ? 1 : 5)
  const set = Array.from({ length: 150 }, (_, s) => walk(5, 6, 10 ** (s % 5), size(s)))
  const widths = calibrate(set, 6, [0.8, 0.95])
  for (const [k, level] of [0.8, 0.95].entries())
    for (const step of [0, 5]) {
      let inside = 0
      for (let n = 0; n < 40; n++)
        for (const [s, { scale }] of set.entries()) {
          const error = Math.abs(walk(1, 6, scale, size(s)).windows[0]!.errors[step]!)
          if (error <= widths[s]![k]!.final[step]!) inside++
        }
      expect(Math.abs(inside / (40 * set.length) - level)).toBeLessThan(0.03)
    }
})

it('is wider for a series that is harder to foretell, in a common pool', () => {
  const set = [...Array.from({ length: 20 }, () => walk(8, 3, 1, 1)), walk(8, 3, 100, 6)]
  const widths = calibrate(set, 3, [0.8])
  const usual = widths.slice(0, 20).reduce((sum, [one]) => sum + one!.final[0]!, 0) / 20
  expect(widths[20]![0]!.final[0]! / usual).toBeGreaterThan(250)
  expect(widths[20]![0]!.final[0]! / usual).toBeLessThan(900)
})

it('judges a window without its own errors', () => {
  const wild = walk(4, 2, 1, 1)
  const first = wild.windows[0]!
  const calm = {
    ...wild,
    windows: [{ ...first, errors: first.errors.map(x => x / 1000) }, ...wild.windows.slice(1)],
  }
  const others = Array.from({ length: 20 }, () => walk(4, 2, 1, 1))
  const own = (series: ErrorSeries) => {
    const one = calibrate([series, ...others], 2, [0.8])[0]![0]!
    return one.by_window[0]![1]! / one.by_window[1]![1]!
  }
  // The other windows' factor sees the first one, its own does not: their ratio moves one way only.
  expect(own(calm)).toBeGreaterThan(own(wild))
})

it('alone, a series is its own pool: no window counts as harder than another', () => {
  const { by_window, final } = calibrate([walk(5, 3, 2, 1)], 3, [0.95])[0]![0]!
  for (const width of by_window) expect([...width]).toEqual([...final])
})

it('falls back to a normal error of one usual change, growing with the root of the step', () => {
  const [inner, outer] = calibrate([{ scale: 2, windows: [] }], 4, [0.8, 0.95])[0] as [HalfWidths, HalfWidths]
  expect(inner.final[0]).toBeCloseTo(2 * 1.2816 * Math.sqrt(Math.PI / 2), 2)
  expect(outer.final[0]).toBeCloseTo(2 * 1.96 * Math.sqrt(Math.PI / 2), 2)
  expect(outer.final[3]! / outer.final[0]!).toBeCloseTo(2, 9)
})

it('never narrows with the step, and has no width for a series that never errs', () => {
  const still = { scale: 1, windows: [{ origin: 9, scale: 1, errors: Float64Array.of(0, 0) }] }
  expect(Math.max(...calibrate([still], 2, [0.95])[0]![0]!.final)).toBeLessThan(1e-9)
  const one = calibrate([walk(3, 8, 1, 1)], 8, [0.8])[0]![0]!
  for (let h = 1; h < 8; h++) expect(one.final[h]!).toBeGreaterThanOrEqual(one.final[h - 1]!)
})
