/**
 * The panels of one tenant: each asked anew on its own cadence while somebody watches, never twice at once. A question
 * that fails leaves the last panel standing.
 */
import type { Logger } from 'pino'
import type { Clock } from '../../runtime/ports.ts'
import { type Asking, iso } from './asking.ts'
import type { Board, Panel } from './board.ts'

export type Panels = Omit<Board, 'tenant_id' | 'currency' | 'currency_exponent'>
export type PanelName = keyof Panels
export const panel_names: readonly PanelName[] = [
  'revenue',
  'conversations',
  'leads',
  'buyers',
  'coaching',
  'channels',
  'forecast',
  'alerts',
  'trust',
]

/** How a panel is asked, and how soon after an answer again. */
export interface Source<Name extends PanelName> {
  readonly every_ms: number
  ask(asking: Asking): Promise<Omit<Panels[Name], keyof Panel>>
}
export type Sources = { readonly [Name in PanelName]: Source<Name> }

export interface Watcher {
  changed(panels: Partial<Panels>): void
  /** Every panel is about other money now: what was shown does not go on. */
  currency_changed(): void
}

export interface TenantBoard {
  /** All panels, those older than their cadence asked anew; one that was never answered is missing. */
  read(): Promise<{ readonly currency: string | null; readonly panels: Partial<Panels> }>
  /** Shows what is known, then what changes, until the function returned is called. */
  watch(watcher: Watcher): () => void
  readonly watched: boolean
  /** When somebody read it last. */
  readonly read_ms: number
}

export interface TenantBoardDeps {
  readonly tenant: string
  readonly sources: Sources
  readonly clock: Clock
  readonly logger: Logger
  readonly closing: AbortSignal
  /** What the tenant's money is in, `current` being what was said before; rejects when the warehouse does not answer. */
  currency(now_ms: number, current: string | null): Promise<string>
  /** What panels ask with. */
  asking(about: Pick<Asking, 'tenant' | 'currency' | 'now_ms'>): Asking
}

const CURRENCY_EVERY_MS = 10_000

export const tenant_board = (deps: TenantBoardDeps): TenantBoard => {
  const { tenant, sources, clock, logger, closing } = deps
  const panels: Partial<Panels> = {}
  const answered_ms = new Map<string, number>()
  const running = new Map<string, Promise<void>>()
  const failing = new Set<string>()
  const watchers = new Set<Watcher>()
  let currency: string | null = null
  let read_ms = clock.now()
  let loops: AbortController | null = null

  const due_in_ms = (name: string, every_ms: number): number =>
    Math.max(0, (answered_ms.get(name) ?? Number.NEGATIVE_INFINITY) + every_ms - clock.now())

  /** One run of each name at a time; never rejects. */
  const once_at_a_time = (name: string, work: () => Promise<void>): Promise<void> => {
    const run = async (): Promise<void> => {
      try {
        await work()
        if (failing.delete(name)) logger.info({ tenant, panel: name }, 'a panel is answered again')
      } catch (error) {
        if (!closing.aborted && !failing.has(name))
          logger.warn({ err: error, tenant, panel: name }, 'a panel could not be asked; the last one stays')
        failing.add(name)
      } finally {
        answered_ms.set(name, clock.now())
        running.delete(name)
      }
    }
    const known = running.get(name)
    if (known) return known
    // Entered before it begins, so that it ends entered whatever it does.
    const started = Promise.resolve().then(run)
    running.set(name, started)
    return started
  }

  const ask_currency = (): Promise<void> =>
    once_at_a_time('currency', async () => {
      const found = await deps.currency(clock.now(), currency)
      if (currency !== null && found !== currency) {
        for (const name of panel_names) {
          delete panels[name]
          answered_ms.delete(name)
        }
        for (const watcher of [...watchers]) watcher.currency_changed()
      }
      currency = found
    })

  const refresh = <Name extends PanelName>(name: Name): Promise<void> =>
    once_at_a_time(name, async () => {
      if (currency === null || due_in_ms('currency', CURRENCY_EVERY_MS) === 0) await ask_currency()
      const about = currency
      if (about === null) throw new Error('the currency of the tenant is not known')
      const now_ms = clock.now()
      const answer = await sources[name].ask(deps.asking({ tenant, currency: about, now_ms }))
      if (about !== currency) return
      const panel = { ...answer, asked_at: iso(now_ms), took_ms: clock.now() - now_ms } as Panels[Name]
      panels[name] = panel
      for (const watcher of [...watchers]) watcher.changed({ [name]: panel })
    })

  const keep_asking = async (name: PanelName, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      const wait_ms = due_in_ms(name, sources[name].every_ms)
      if (wait_ms > 0) await clock.sleep(wait_ms, signal)
      else await refresh(name)
    }
  }

  return {
    read: async () => {
      read_ms = clock.now()
      const stale = panel_names.filter(name => due_in_ms(name, sources[name].every_ms) === 0)
      await Promise.all(stale.map(refresh))
      return { currency, panels }
    },
    watch: watcher => {
      watchers.add(watcher)
      if (Object.keys(panels).length > 0) watcher.changed({ ...panels })
      if (!loops && !closing.aborted) {
        loops = new AbortController()
        for (const name of panel_names) void keep_asking(name, AbortSignal.any([loops.signal, closing]))
      }
      return () => {
        watchers.delete(watcher)
        read_ms = clock.now()
        if (watchers.size > 0) return
        loops?.abort()
        loops = null
      }
    },
    get watched() {
      return watchers.size > 0
    },
    get read_ms() {
      return read_ms
    },
  }
}
