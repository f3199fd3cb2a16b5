/** The committed table definitions are those that the schemas make today. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { TABLES_DIR, table_files } from '../../../runtime/clickhouse/generate-tables.ts'

it('sql/tables holds what follows from the schemas (npm run generate)', () => {
  const files = table_files()
  expect(readdirSync(TABLES_DIR).sort()).toEqual([...files.keys()].sort())
  for (const [file, text] of files) expect(readFileSync(join(TABLES_DIR, file), 'utf8'), file).toBe(text)
})
