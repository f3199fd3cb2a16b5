/** Answers that cost many queries: those who ask the same at once share one, and all of them run few queries at a time. */
import type { Warehouse } from '../../runtime/ports.ts'
import { type Asking, asking, in_lanes } from '../board/asking.ts'
import { tenant_currency } from '../board/tenant-currency.ts'
import { unavailable } from '../refusals.ts'
import type { ServerDeps } from '../server-deps.ts'

/** The warehouse answers the page and other people too. */
const LANES = 2

/** What `work` makes of a tenant; `name` is the same for the same work. Throws a 503 refusal when it fails. */
export type Answers = <T>(name: string, tenant: string, work: (about: Asking) => Promise<T>) => Promise<T>

export const shared_answers = ({
  warehouse,
  clock,
  logger,
}: Pick<ServerDeps, 'warehouse' | 'clock' | 'logger'>): Answers => {
  const running = new Map<string, Promise<unknown>>()
  const in_lane = in_lanes(LANES)
  const query: Warehouse['query'] = (sql, params) => in_lane(() => warehouse.query(sql, params))
  const answer = async <T>(name: string, tenant: string, work: (about: Asking) => Promise<T>): Promise<T> => {
    const now_ms = clock.now()
    try {
      const currency = await tenant_currency(query, { tenant, now_ms, current: null })
      return await work(asking(query, { tenant, currency, now_ms }))
    } catch (error) {
      logger.warn({ err: error, tenant, answer: name }, 'the warehouse could not be asked')
      throw unavailable('the warehouse is out of reach')
    }
  }
  return async (name, tenant, work) => {
    const key = JSON.stringify([name, tenant])
    const known = running.get(key) as ReturnType<typeof work> | undefined
    if (known) return known
    const started = answer(name, tenant, work).finally(() => running.delete(key))
    running.set(key, started)
    return started
  }
}
