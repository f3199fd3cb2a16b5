/**
 * Money between two boards. A movement reaches the page before it reaches the table that the next board asks, so that
 * board may still be without it; dropped then, the number would fall and rise again. Pure, without a browser.
 */
import type { Board, LiveEvents } from '../server/board/board.ts'
import { with_ledger } from './board-state.ts'

interface Pending {
  readonly moved: LiveEvents['ledger']
  readonly came_ms: number
}

export interface Bridge {
  /** Today's money by the last board alone. */
  readonly base_minor: number
  /** Added to it since, in the order they came. */
  readonly pending: readonly Pending[]
}

/** A movement that no board has shown for so long is not waited for. */
const PATIENCE_MS = 30_000

export const bridge_from = (board: Board): Bridge => ({ base_minor: board.revenue.today_minor, pending: [] })

export const add_moved = (
  board: Board,
  bridge: Bridge,
  moved: LiveEvents['ledger'],
  now_ms: number,
): { readonly board: Board; readonly bridge: Bridge } => {
  const added = with_ledger(board, moved, now_ms)
  if (added === board) return { board, bridge }
  return { board: added, bridge: { ...bridge, pending: [...bridge.pending, { moved, came_ms: now_ms }] } }
}

/**
 * A new board has the last board's money and the first so many of what came since: the rest is still on its way and
 * is added again. Where no such count fits, something else has moved too, and the board alone is right.
 */
export const cross_bridge = (
  next: Board,
  { base_minor, pending }: Bridge,
  now_ms: number,
): { readonly board: Board; readonly bridge: Bridge } => {
  let missing: readonly Pending[] = []
  let sum = base_minor
  for (const [at, { moved }] of pending.entries()) {
    if (sum === next.revenue.today_minor) missing = pending.slice(at)
    sum += moved.amount_minor
  }
  if (sum === next.revenue.today_minor) missing = []
  const fresh = missing.filter(({ came_ms }) => now_ms - came_ms < PATIENCE_MS)
  const board = fresh.reduce((sofar, { moved }) => with_ledger(sofar, moved, now_ms), next)
  return { board, bridge: { base_minor: next.revenue.today_minor, pending: fresh } }
}
