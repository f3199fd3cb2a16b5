/** A migrated embedded warehouse for one test file, filled with rows given as objects. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, tributary } from '../../runtime/app.ts'
import { migrate } from '../../runtime/clickhouse/migrate.ts'
import { clickhouse_warehouse } from '../../runtime/clickhouse/warehouse.ts'
import { start_embedded_warehouse } from '../../runtime/embedded/warehouse.ts'
import type { Warehouse } from '../../runtime/ports.ts'

export interface Served {
  readonly warehouse: Warehouse
  readonly url: string
  /** Rows of one table; columns left out take their default. */
  fill(table: string, rows: readonly object[]): Promise<void>
  empty(...tables: string[]): Promise<void>
  stop(): Promise<void>
}

export const serve_warehouse = async (app: App = tributary(2)): Promise<Served> => {
  const dir = mkdtempSync(join(tmpdir(), 'tributary-warehouse-'))
  const server = await start_embedded_warehouse({ dir })
  const warehouse = clickhouse_warehouse({ url: server.url })
  await migrate(warehouse, app)
  return {
    warehouse,
    url: server.url,
    fill: (table, rows) =>
      warehouse.command(
        `INSERT INTO ${table} SETTINGS date_time_input_format = 'best_effort' FORMAT JSONEachRow\n` +
          rows.map(row => JSON.stringify(row)).join('\n'),
      ),
    empty: async (...tables) => {
      for (const table of tables) await warehouse.command(`TRUNCATE TABLE ${table}`)
    },
    stop: async () => {
      await warehouse.close()
      await server.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** A ledger row; what is not given is a payment of 10.00 USD by customer c1 of tenant t1. */
export const ledger_row = (row: Record<string, unknown>): object => {
  const whole = {
    tenant_id: 't1',
    customer_id: 'c1',
    type: 'payment_succeeded',
    amount_minor: 1000,
    currency: 'USD',
    quantity: 1,
    ...row,
  }
  const event_id = (row.event_id as string | undefined) ?? 'e1'
  return { _key: `${whole.tenant_id}|${whole.customer_id}`, event_id, cause_event_id: event_id, ...whole }
}
