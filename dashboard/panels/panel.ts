/** What every panel is to the page. */
import type { Board } from '../../server/board/board.ts'
import type { MoneyFormat } from '../format.ts'

export interface PanelView {
  /** Shows this board; called with every change, also when only colours have changed. */
  readonly show: (board: Board, money: MoneyFormat) => void
}
