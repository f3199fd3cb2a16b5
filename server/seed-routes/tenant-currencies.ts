/** The currency that a tenant's decimal amounts are in: what the catalog says, as the operators see it. */
import { body_reader } from '../../runtime/bodies.ts'
import { type CatalogRow, CatalogView } from '../../runtime/catalog.ts'
import { scan } from '../../runtime/scan.ts'
import { CURRENCY } from '../board/tenant-currency.ts'
import { unavailable } from '../refusals.ts'
import type { ServerDeps } from '../server-deps.ts'

/** A change of the catalog is seen by requests so much later at most. */
const READ_EVERY_MS = 2000

export interface Currencies {
  of(tenant: string): Promise<string>
}

export const tenant_currencies = (deps: Pick<ServerDeps, 'log' | 'registry' | 'clock'>): Currencies => {
  const view = new CatalogView()
  const read = body_reader(deps.registry)
  let read_ms = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | null = null
  const read_on = async (): Promise<void> => {
    const place = { topic: 'catalog', partition: 0 }
    const next = await scan(deps.log, place, view.position, async ({ value, offset }) => {
      if (!value) return
      const row = (await read(value).catch(() => null)) as CatalogRow | null
      if (row) view.add(row, offset)
    })
    view.moved(next, next)
    read_ms = deps.clock.now()
  }
  return {
    of: async tenant => {
      const now_ms = deps.clock.now()
      if (now_ms - read_ms >= READ_EVERY_MS) {
        reading ??= read_on().finally(() => {
          reading = null
        })
        await reading.catch(() => {
          throw unavailable('the log is out of reach')
        })
      }
      const entry = view.lookup('tenants', tenant, tenant, now_ms, Number.POSITIVE_INFINITY)
      return entry?.currency ?? CURRENCY
    },
  }
}
