/** The number of today between two boards: it neither falls back nor counts twice. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add_moved, bridge_from, cross_bridge } from '../../dashboard/bridge.ts'
import type { Board } from '../../server/board/board.ts'
import { board_of } from '../browser/board-data.ts'

const now = Date.UTC(2026, 2, 4, 13, 37, 21)
const start = board_of('acme', 7, now)
const base = start.revenue.today_minor
const asked = (today_minor: number): Board => ({ ...start, revenue: { ...start.revenue, today_minor } })
const after = (...amounts: number[]) =>
  amounts.reduce(
    ({ board, bridge }, amount_minor) =>
      add_moved(board, bridge, { at: new Date(now).toISOString(), amount_minor, currency: 'EUR' }, now),
    { board: start, bridge: bridge_from(start) },
  )
const today = (next: Board, amounts: number[], at = now): number =>
  cross_bridge(next, after(...amounts).bridge, at).board.revenue.today_minor

describe('a new board', () => {
  it.each([
    ['has none of what came', base, base + 600],
    ['has the first', base + 100, base + 600],
    ['has the first two', base + 300, base + 600],
    ['has all', base + 600, base + 600],
    ['has something else too: it alone is right', base + 350, base + 350],
    ['is lower than the last', base - 50, base - 50],
  ])('%s', (_, minor, shown) => {
    expect(today(asked(minor), [100, 200, 300])).toBe(shown)
  })

  it('adds a refund that is on its way', () => {
    expect(today(asked(base + 1000), [1000, -400])).toBe(base + 600)
  })

  it('does not wait for ever', () => {
    expect(today(asked(base), [100], now + 29_999)).toBe(base + 100)
    expect(today(asked(base), [100], now + 30_000)).toBe(base)
  })

  it('shows the same total however many of the movements each board has', () => {
    const amounts = fc.array(fc.integer({ min: 1, max: 10_000 }), { maxLength: 8 })
    fc.assert(
      fc.property(amounts, fc.array(fc.nat(8), { maxLength: 4 }), (all, counts) => {
        let { board, bridge } = after(...all)
        const total = board.revenue.today_minor
        for (const count of counts.toSorted((a, b) => a - b)) {
          const sum = all.slice(0, count).reduce((sofar, amount) => sofar + amount, base)
          const crossed = cross_bridge(asked(sum), bridge, now)
          board = crossed.board
          bridge = crossed.bridge
          expect(board.revenue.today_minor).toBe(total)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('keeps nothing of what it left to the board', () => {
    const { bridge } = add_moved(
      start,
      bridge_from(start),
      { at: new Date(now).toISOString(), amount_minor: 5, currency: 'USD' },
      now,
    )
    expect(bridge.pending).toEqual([])
  })
})
