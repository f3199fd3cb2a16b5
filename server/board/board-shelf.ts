/** The boards of the tenants somebody looks at; questions of all of them run two at a time. */
import type { ServerDeps } from '../server-deps.ts'
import { ask_alerts } from './alerts-panel.ts'
import { asking, in_lanes } from './asking.ts'
import { ask_buyers } from './buyers-panel.ts'
import { remember_channels } from './channels-panel.ts'
import { remember_coaching } from './coaching-panel.ts'
import { ask_conversations } from './conversations-panel.ts'
import { ask_forecast } from './forecast-panel.ts'
import { ask_leads } from './leads-panel.ts'
import type { Reconciliation } from './reconciliation.ts'
import { ask_revenue } from './revenue-panel.ts'
import { type Sources, type TenantBoard, tenant_board } from './tenant-board.ts'
import { tenant_currency } from './tenant-currency.ts'
import { ask_trust } from './trust-panel.ts'

export const LIGHT_MS = 2000
export const HEAVY_MS = 15_000
/** A board nobody has looked at for so long is forgotten. */
const FORGOTTEN_MS = 60_000
/** The warehouse answers tables of all tenants and other people too. */
const LANES = 2
export interface BoardShelf {
  of(tenant: string): TenantBoard
}

type Deps = Pick<ServerDeps, 'warehouse' | 'clock' | 'logger' | 'worker' | 'sink'>

export const board_shelf = (deps: Deps, reconciled: Reconciliation, closing: AbortSignal): BoardShelf => {
  const { warehouse, clock, logger } = deps
  const boards = new Map<string, TenantBoard>()
  const in_lane = in_lanes(LANES)
  const query: typeof warehouse.query = (sql, params) => in_lane(() => warehouse.query(sql, params))
  const shared: Omit<Sources, 'channels' | 'coaching'> = {
    revenue: { every_ms: LIGHT_MS, ask: ask_revenue },
    conversations: { every_ms: LIGHT_MS, ask: ask_conversations },
    leads: { every_ms: LIGHT_MS, ask: ask_leads },
    buyers: { every_ms: HEAVY_MS, ask: ask_buyers },
    forecast: { every_ms: HEAVY_MS, ask: ask_forecast },
    alerts: { every_ms: LIGHT_MS, ask: ask_alerts },
    trust: { every_ms: LIGHT_MS, ask: about => ask_trust(about, deps, reconciled) },
  }
  const open = (tenant: string): TenantBoard =>
    tenant_board({
      tenant,
      sources: {
        ...shared,
        coaching: { every_ms: HEAVY_MS, ask: remember_coaching() },
        channels: { every_ms: HEAVY_MS, ask: remember_channels() },
      },
      clock,
      logger,
      closing,
      asking: about => asking(query, about),
      currency: (now_ms, current) => tenant_currency(query, { tenant, now_ms, current }),
    })
  return {
    of: tenant => {
      for (const [name, board] of boards)
        if (!board.watched && clock.now() - board.read_ms > FORGOTTEN_MS) boards.delete(name)
      const board = boards.get(tenant) ?? open(tenant)
      boards.set(tenant, board)
      return board
    },
  }
}
