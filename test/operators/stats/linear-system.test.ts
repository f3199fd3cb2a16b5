import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { factor_matrix } from '../../../operators/stats/linear-system.ts'

const solve = (rows: number[][], b: number[]): number[] => [...factor_matrix(rows).solve(b)]

describe('factor_matrix', () => {
  it('solves a system by hand, also one whose first pivot is zero', () => {
    expect(
      solve(
        [
          [2, 1],
          [1, 3],
        ],
        [3, 5],
      ).map(x => Number(x.toFixed(12))),
    ).toEqual([0.8, 1.4])
    const turned = [
      [0, 0, 1],
      [1, 0, 0],
      [0, 1, 0],
    ]
    expect(solve(turned, [7, 8, 9])).toEqual([8, 9, 7])
  })

  it('exchanges rows where a small pivot would lose the answer', () => {
    const [x, y] = solve(
      [
        [1e-20, 1],
        [1, 1],
      ],
      [1, 2],
    )
    expect([x, y]).toEqual([1, 1])
  })

  it('knows the inverse of the Hilbert matrix of size 5, badly conditioned', () => {
    const hilbert = Array.from({ length: 5 }, (_, i) => Array.from({ length: 5 }, (_, j) => 1 / (i + j + 1)))
    const first_column = [25, -300, 1050, -1400, 630]
    for (const [i, x] of solve(hilbert, [1, 0, 0, 0, 0]).entries())
      expect(Math.abs(x / first_column[i]! - 1)).toBeLessThan(1e-10)
  })

  it('leaves matrix and right side as they were, and solves again', () => {
    const rows = [
      [0, 2],
      [4, 1],
    ]
    const b = [2, 5]
    const system = factor_matrix(rows)
    expect([[...system.solve(b)], [...system.solve([0, 4])]]).toEqual([
      [1, 1],
      [1, 0],
    ])
    expect([rows, b]).toEqual([
      [
        [0, 2],
        [4, 1],
      ],
      [2, 5],
    ])
  })

  it('gives back x from A x, for any matrix with a heavy diagonal', () => {
    const entry = fc.double({ min: -1, max: 1, noNaN: true })
    const system = fc.integer({ min: 1, max: 8 }).chain(n =>
      fc.record({
        rows: fc.array(fc.array(entry, { minLength: n, maxLength: n }), { minLength: n, maxLength: n }),
        x: fc.array(entry, { minLength: n, maxLength: n }),
        turn: fc.integer({ min: 0, max: n - 1 }),
      }),
    )
    fc.assert(
      fc.property(system, ({ rows, x, turn }) => {
        const n = rows.length
        // The heavy entry of row i stands in column i + turn: rows must be exchanged.
        const heavy = rows.map((row, i) => row.map((value, j) => value + (j === (i + turn) % n ? 2 * n : 0)))
        const b = heavy.map(row => row.reduce((sum, value, j) => sum + value * x[j]!, 0))
        for (const [i, got] of solve(heavy, b).entries()) expect(got).toBeCloseTo(x[i]!, 10)
      }),
    )
  })

  it('refuses what has no one answer, and says why', () => {
    const twice = [
      [1, 2],
      [2, 4],
    ]
    expect(() => factor_matrix(twice)).toThrow(
      'the matrix is singular: column 1 follows from those before it',
    )
    expect(() => factor_matrix([[0]])).toThrow('singular: column 0')
    expect(() =>
      factor_matrix([
        [0.1, 0.2, 0.3],
        [0.4, 0.5, 0.6],
        [0.7, 0.8, 0.9],
      ]),
    ).toThrow('singular')
    expect(() => factor_matrix([[1, 2]])).toThrow('a row of 2 in a matrix of 1 rows')
    expect(() => factor_matrix([[Number.NaN]])).toThrow('the matrix holds NaN')
    expect(() => factor_matrix([[1]]).solve([1, 2])).toThrow('a right side of 2 for a matrix of 1 rows')
  })
})
