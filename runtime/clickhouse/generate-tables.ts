/** The text of sql/tables/*.sql: table definitions as they follow from the schemas, to be read and reviewed, not run. */
import { join } from 'node:path'
import { tributary } from '../app.ts'
import { create_table_sql, tables_of } from './tables.ts'

export const TABLES_DIR = join(import.meta.dirname, '../../sql/tables')

/** File name -> text of every table. */
export const table_files = (): Map<string, string> =>
  new Map(
    tables_of(tributary(1)).map(table => [
      `${table.name}.sql`,
      `-- Generated from schemas/*.avsc and schemas/topics.ts. Do not edit.\n${create_table_sql(table)}`,
    ]),
  )
