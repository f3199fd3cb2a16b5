/**
 * What identifies a row of each warehouse table, and what of it is newest: from the app's topics, as the
 * tables are made.
 */
import type { App } from '../../runtime/app.ts'
import { tables_of } from '../../runtime/clickhouse/tables.ts'
import type { TableShape } from './warehouse.ts'

export const table_shapes = (app: App): ((table: string) => TableShape) => {
  const shapes = new Map(
    tables_of(app).map(({ name, order_by, version }) => [
      name,
      // Where rows lie by day, one of the same name and another time is another row.
      {
        identity: order_by.map(column => /^toDate\(`(\w+)`\)$/.exec(column)?.[1] ?? column),
        version: version ?? null,
      },
    ]),
  )
  return table => {
    const shape = shapes.get(table)
    if (!shape) throw new Error(`no table ${table}`)
    return shape
  }
}
