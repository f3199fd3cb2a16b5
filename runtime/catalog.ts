/**
 * The catalog as every task of a process sees it: all entries ever, by kind and id. A lookup is as of an event time and
 * a catalog offset, so that a replay sees the policy that held then.
 */
import type { Catalog } from '../schemas/catalog-kinds.ts'
import type { Clock, Fetched, Log, LogRecord } from './ports.ts'

interface Entry {
  readonly effective_at: number
  readonly revision: number
  readonly offset: number
  readonly body: unknown
}

export interface CatalogRow {
  readonly tenant_id: string
  readonly kind: string
  readonly id: string
  readonly effective_at: number
  readonly revision: number
  readonly body: string
}

export class CatalogView {
  readonly #entries = new Map<string, Entry[]>()
  #position = 0
  #end = -1
  #wake: (() => void)[] = []

  /** Entries below it are known. */
  get position(): number {
    return this.#position
  }
  /** Everything committed has been read. */
  get at_end(): boolean {
    return this.#end >= 0 && this.#position >= this.#end
  }

  add(row: CatalogRow, offset: number): void {
    const name = `${row.kind}|${row.id}|${row.tenant_id}`
    let entries = this.#entries.get(name)
    if (!entries) {
      entries = []
      this.#entries.set(name, entries)
    }
    const same = entries.some(e => e.effective_at === row.effective_at && e.revision === row.revision)
    if (same) return // the first body of an identity wins, as everywhere
    entries.push({
      effective_at: row.effective_at,
      revision: row.revision,
      offset,
      body: JSON.parse(row.body),
    })
    entries.sort((a, b) => b.effective_at - a.effective_at || b.revision - a.revision)
  }

  moved(position: number, end: number): void {
    this.#position = position
    this.#end = end
    const wake = this.#wake
    this.#wake = []
    for (const w of wake) w()
  }

  /**
   * Newest entry effective at at_ms among those below `offset`: the tenant's own, else the one for all ('*'). An entry whose
   * body is null takes back what held before it: there is none.
   */
  lookup<K extends keyof Catalog>(
    kind: K,
    id: string,
    tenant: string,
    at_ms: number,
    offset: number,
  ): Catalog[K] | undefined {
    return (this.#find(`${kind}|${id}|${tenant}`, at_ms, offset) ??
      this.#find(`${kind}|${id}|*`, at_ms, offset) ??
      undefined) as Catalog[K] | undefined
  }

  #find(name: string, at_ms: number, offset: number): unknown {
    return this.#entries.get(name)?.find(entry => entry.effective_at <= at_ms && entry.offset < offset)?.body
  }

  /** Whether history is being loaded, as of a clock and the entries below `offset`. */
  import_open(now_ms: number, lapse_ms: number, offset = Number.POSITIVE_INFINITY): boolean {
    for (const [name, entries] of this.#entries) {
      if (!name.startsWith('imports|')) continue
      const newest = entries.find(entry => entry.offset < offset)
      const body = newest?.body as Catalog['imports'] | undefined
      if (body?.state === 'open' && body.renewed_at + lapse_ms > now_ms) return true
    }
    return false
  }

  /** Resolves once entries up to `offset` are known. */
  async reached(offset: number, signal: AbortSignal): Promise<void> {
    while (this.#position < offset && !signal.aborted)
      await new Promise<void>(resolve => {
        this.#wake.push(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
  }
}

/** Follows the catalog topic until `signal`, over outages too. `read` turns a body into a row, or null when it is refused. */
export const follow_catalog = async (
  view: CatalogView,
  log: Log,
  clock: Clock,
  read: (record: LogRecord) => Promise<CatalogRow | null>,
  retry_ms: number,
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    try {
      for await (const fetched of log.tail('catalog', 0, view.position, signal))
        await take(view, fetched, read)
    } catch {
      // The log is out of reach: tasks notice on their own; the view stands where it stood.
    }
    await clock.sleep(retry_ms, signal)
  }
}

const take = async (
  view: CatalogView,
  fetched: Fetched,
  read: (record: LogRecord) => Promise<CatalogRow | null>,
) => {
  for (const record of fetched.records) {
    const row = await read(record)
    if (row) view.add(row, record.offset)
  }
  view.moved(fetched.position, fetched.end)
}
