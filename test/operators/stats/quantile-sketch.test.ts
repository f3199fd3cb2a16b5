import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  type Bin,
  bin_of,
  LEAST,
  merge_bins,
  quantile,
  RELATIVE,
  value_of,
} from '../../../operators/stats/quantile-sketch.ts'

const sketch = (values: readonly number[]): readonly Bin[] =>
  values.reduce<readonly Bin[]>((bins, value) => merge_bins(bins, [{ bin: bin_of(value), count: 1 }]), [])
const exact = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const rank = q * (sorted.length - 1)
  const [low, high] = [sorted[Math.floor(rank)] as number, sorted[Math.ceil(rank)] as number]
  return low + (rank - Math.floor(rank)) * (high - low)
}
const sized = fc.oneof(
  fc.double({ min: LEAST * 2, max: 1e15, noNaN: true }),
  fc.constant(0),
  fc.integer({ min: 1, max: 1000 }),
)

it('a bin stands for its values within the promised ratio, whatever their size and sign', () => {
  fc.assert(
    fc.property(sized, fc.boolean(), (size, negative) => {
      const value = negative ? -size : size
      expect(Math.abs(value_of(bin_of(value)) - value)).toBeLessThanOrEqual(RELATIVE * size * (1 + 1e-9))
    }),
  )
})

it('bins ascend with the values, are whole, and zero is zero', () => {
  const values = [-1e12, -3, -2, -1e-6, 0, 1e-6, 0.5, 1, 1.05, 2, 1e15]
  const bins = values.map(bin_of)
  expect(bins).toEqual([...bins].sort((a, b) => a - b))
  expect(new Set(bins).size).toBe(values.length)
  expect(bins.every(Number.isSafeInteger)).toBe(true)
  expect([bin_of(0), bin_of(-0), bin_of(LEAST / 2), value_of(0)].every(bin => bin === 0)).toBe(true)
})

it('quantiles of positive values are within the ratio of the exact ones', () => {
  fc.assert(
    fc.property(
      fc.array(sized, { minLength: 1, maxLength: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, q) => {
        const wanted = exact(values, q)
        expect(Math.abs(quantile(sketch(values), q) - wanted)).toBeLessThanOrEqual(
          RELATIVE * wanted * (1 + 1e-6) + 1e-12,
        )
      },
    ),
  )
})

it('sketches merge in any order to the sketch of all', () => {
  fc.assert(
    fc.property(fc.array(sized, { maxLength: 30 }), fc.array(sized, { maxLength: 30 }), (a, b) => {
      const all = sketch([...a, ...b])
      expect(merge_bins(sketch(a), sketch(b))).toEqual(all)
      expect(merge_bins(sketch(b), sketch(a))).toEqual(all)
    }),
  )
})

it('takes bins in any order, and says that nothing has no quantile', () => {
  const bins = sketch([5, 1, 3, -2])
  expect(quantile(bins.toReversed(), 0.5)).toBe(quantile(bins, 0.5))
  expect(quantile(bins, 0)).toBeCloseTo(-2, 1)
  expect(quantile(bins, 1)).toBeCloseTo(5, 1)
  expect(quantile([], 0.5)).toBeNaN()
})
