import fc from 'fast-check'
import { expect, it } from 'vitest'
import { curve_of, fit_isotonic, value_at } from '../../../operators/stats/isotonic.ts'

it('pools what falls, by hand', () => {
  // 1, 3, 2 → 1, 2.5; then 2 pulls the block to (3 + 2 + 2) / 3, and 8 stands alone.
  const blocks = fit_isotonic([10, 20, 30, 40, 50], [1, 3, 2, 2, 8])
  expect(blocks.map(({ from, to, weight }) => [from, to, weight])).toEqual([
    [10, 10, 1],
    [20, 40, 3],
    [50, 50, 1],
  ])
  expect(blocks[1]!.value).toBeCloseTo(7 / 3, 12)
  expect(blocks[1]!.centre).toBeCloseTo(30, 12)
})

it('weights count, one score is one case, what has no weight is not there', () => {
  expect(fit_isotonic([1, 2], [1, 0], [3, 1])).toMatchObject([{ value: 0.75, weight: 4 }])
  expect(fit_isotonic([1, 1, 2], [0, 1, 1])).toMatchObject([{ value: 0.5 }, { value: 1 }])
  expect(fit_isotonic([1, 2], [1, 0], [1, 0])).toMatchObject([{ from: 1, to: 1, value: 1 }])
  expect(fit_isotonic([], [])).toEqual([])
})

it('rises, keeps the sum, and nothing that rises is nearer', () => {
  const scored = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 1 })), {
    minLength: 1,
    maxLength: 12,
  })
  fc.assert(
    fc.property(
      scored,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 10, maxLength: 10 }),
      (of, steps) => {
        const blocks = fit_isotonic(
          of.map(([x]) => x),
          of.map(([, y]) => y),
        )
        for (const [i, block] of blocks.entries())
          if (i > 0) expect(block.value).toBeGreaterThan(blocks[i - 1]!.value)
        const sum = blocks.reduce((all, { value, weight }) => all + value * weight, 0)
        expect(sum).toBeCloseTo(
          of.reduce((all, [, y]) => all + y, 0),
          9,
        )
        const fitted = (x: number): number => blocks.find(({ to }) => to >= x)!.value
        const other = [...steps].sort((a, b) => a - b)
        const distance = (f: (x: number) => number): number =>
          of.reduce((all, [x, y]) => all + (f(x) - y) ** 2, 0)
        expect(distance(fitted)).toBeLessThanOrEqual(distance(x => other[x]!) + 1e-9)
      },
    ),
    { seed: 7 },
  )
})

it('a curve is straight between centres and level outside', () => {
  const curve = curve_of(fit_isotonic([10, 20, 30], [0, 0.5, 1]))
  expect(curve).toEqual([
    [10, 0],
    [20, 0.5],
    [30, 1],
  ])
  expect([5, 10, 12, 29, 99].map(x => value_at(curve, x))).toEqual([0, 0, 0.1, 0.95, 1])
  expect(value_at([], 1)).toBeNaN()
})

it('a prior keeps few cases from saying never or always', () => {
  // Overall 0.5: (0 × 1 + 0.5 × 1) / 2 and (1 × 1 + 0.5 × 1) / 2.
  expect(curve_of(fit_isotonic([1, 2], [0, 1]), 1)).toEqual([
    [1, 0.25],
    [2, 0.75],
  ])
})
