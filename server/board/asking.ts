/** How panels ask: of one tenant, in one currency, as of one instant; so many questions at a time. */
import type { Warehouse } from '../../runtime/ports.ts'

/** What a panel's question is about. */
export interface Asking {
  readonly tenant: string
  readonly currency: string
  /** The instant asked for; rows with event time before it count. */
  readonly now_ms: number
  /** The query's parameters tenant, currency and as_of are set. */
  query<T>(sql: string): Promise<T[]>
}

export const asking = (
  query: Warehouse['query'],
  { tenant, currency, now_ms }: Pick<Asking, 'tenant' | 'currency' | 'now_ms'>,
): Asking => {
  const params = { tenant, currency, as_of: instant_text(now_ms) }
  return { tenant, currency, now_ms, query: <T>(sql: string) => query<T>(sql, params) }
}

/** As a parameter of type DateTime64(3, 'UTC'). */
export const instant_text = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').slice(0, -1)

export const iso = (ms: number): string => new Date(ms).toISOString()

/** ISO 8601 of an instant as ClickHouse prints a DateTime64(3, 'UTC'). */
export const iso_of = (text: string): string => `${text.replace(' ', 'T')}Z`

/** Work in at most `lanes` at a time, in order of asking. */
export const in_lanes = (lanes: number): (<T>(work: () => Promise<T>) => Promise<T>) => {
  const waiting: (() => void)[] = []
  let busy = 0
  return async work => {
    if (busy >= lanes) await new Promise<void>(resolve => waiting.push(resolve))
    else busy++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else busy--
    }
  }
}
