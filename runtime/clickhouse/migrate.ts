/**
 * Brings a warehouse to what this version needs: tables from the schemas, numbered migrations, views. Safe to run
 * again and by several processes at once: every step is a no-op when it was done before.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { App } from '../app.ts'
import type { Warehouse } from '../ports.ts'
import { column_sql, create_table_sql, quote_name, type Table, tables_of } from './tables.ts'

const SQL_DIR = join(import.meta.dirname, '../../sql')
const MIGRATIONS = `CREATE TABLE IF NOT EXISTS migrations
(version Int64, name String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC'))
ENGINE = ReplacingMergeTree ORDER BY version`

/** What was changed, in words for the log. Throws SchemaDrift when a table cannot become what is needed by adding. */
export const migrate = async (
  warehouse: Warehouse,
  app: App,
  sql_dir: string = SQL_DIR,
): Promise<string[]> => {
  const done: string[] = []
  await warehouse.command(MIGRATIONS)
  const tables = tables_of(app)
  for (const table of tables) done.push(...(await create_table(warehouse, table)))
  // Between: a migration finds every table, and what it rewrites is as it is to be when columns are compared.
  done.push(...(await run_migrations(warehouse, join(sql_dir, 'migrations'))))
  for (const table of tables) done.push(...(await bring_columns(warehouse, table)))
  for (const view of read_sql(join(sql_dir, 'views'))) await warehouse.command(view_sql(view.name, view.text))
  return done
}

/** A table holds a column of another type: data would have to be rewritten, which is a migration's work. */
export class SchemaDrift extends Error {
  override readonly name = 'SchemaDrift'
}

export interface SqlFile {
  /** File name without the ending. */
  readonly name: string
  readonly text: string
}

/** The .sql files of a folder by name; none when there is no such folder. */
export const read_sql = (dir: string): SqlFile[] => {
  if (!existsSync(dir)) return []
  const files = readdirSync(dir).filter(file => file.endsWith('.sql'))
  return files.sort().map(file => ({ name: file.slice(0, -4), text: readFileSync(join(dir, file), 'utf8') }))
}

/** What must hold of the tables: queries that return no row. */
export const read_checks = (): SqlFile[] => read_sql(join(SQL_DIR, 'checks'))

/** The file of a view is its SELECT; its name is the file's. */
export const view_sql = (name: string, select: string): string =>
  `CREATE OR REPLACE VIEW ${quote_name(name)} AS\n${select.trim().replace(/;$/, '')}`

const columns_held = (warehouse: Warehouse, { name }: Table) =>
  warehouse.query<{ name: string; type: string }>(
    'SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}',
    { table: name },
  )

const create_table = async (warehouse: Warehouse, table: Table): Promise<string[]> => {
  if ((await columns_held(warehouse, table)).length > 0) return []
  await warehouse.command(create_table_sql(table))
  return [`created table ${table.name}`]
}

const bring_columns = async (warehouse: Warehouse, table: Table): Promise<string[]> => {
  const held = await columns_held(warehouse, table)
  const types = new Map(held.map(column => [column.name, column.type]))
  const done: string[] = []
  for (const column of table.columns) {
    const type = types.get(column.name)
    if (type !== undefined && plain(type) !== plain(column.type))
      throw new SchemaDrift(
        `column ${table.name}.${column.name} is ${type} in the warehouse and ${column.type} in the schema: a field ` +
          'does not change its type; add a new one, or write a migration that rewrites the column (sql/migrations)',
      )
    if (type !== undefined) continue
    await warehouse.command(
      `ALTER TABLE ${quote_name(table.name)} ADD COLUMN IF NOT EXISTS ${column_sql(column)}`,
    )
    done.push(`added column ${table.name}.${column.name}`)
  }
  return done
}

/** ClickHouse writes types with other blanks and fewer quotes than we do. */
const plain = (type: string): string => type.replaceAll(/[\s`]/g, '')

/** Runs `m0001_name.sql` … in order, each once; a file may hold several statements, each idempotent, split by `;` at a line's end. */
const run_migrations = async (warehouse: Warehouse, dir: string): Promise<string[]> => {
  const files = read_sql(dir).map(file => ({ ...file, version: migration_number(file.name) }))
  for (const [i, file] of files.entries())
    if (file.version !== i + 1) throw new Error(`migrations are numbered from 1 without a gap: ${file.name}`)
  const rows = await warehouse.query<{ version: number; name: string }>(
    'SELECT version, name FROM migrations FINAL',
  )
  const applied = new Map(rows.map(row => [row.version, row.name]))
  const done: string[] = []
  for (const file of files) {
    const before = applied.get(file.version)
    if (before !== undefined && before !== file.name)
      throw new Error(
        `migration ${file.version} ran as ${before} and is now ${file.name}: add a new number instead`,
      )
    if (before !== undefined) continue
    for (const statement of file.text.split(/;\s*$/m))
      if (statement.trim()) await warehouse.command(statement)
    await warehouse.command(`INSERT INTO migrations (version, name) VALUES (${file.version}, '${file.name}')`)
    done.push(`ran migration ${file.name}`)
  }
  return done
}

const migration_number = (name: string): number => {
  const found = /^m(\d{4})_[a-z0-9_]+$/.exec(name)
  if (!found) throw new Error(`a migration is named like m0001_what_it_does.sql, not ${name}.sql`)
  return Number(found[1])
}
