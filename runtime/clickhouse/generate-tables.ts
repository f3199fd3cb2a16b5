/** Writes sql/tables/*.sql, the table definitions as they follow from the schemas: to be read and reviewed, not run. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
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

if (import.meta.main) {
  const files = table_files()
  mkdirSync(TABLES_DIR, { recursive: true })
  for (const file of readdirSync(TABLES_DIR)) if (!files.has(file)) rmSync(join(TABLES_DIR, file))
  for (const [file, text] of files) writeFileSync(join(TABLES_DIR, file), text)
}
