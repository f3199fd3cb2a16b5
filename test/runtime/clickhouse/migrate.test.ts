/** Migration of a real warehouse: first run, second run, a new field, a changed type, numbered steps. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, tributary } from '../../../runtime/app.ts'
import { migrate, SchemaDrift } from '../../../runtime/clickhouse/migrate.ts'
import { type Served, serve_warehouse } from '../../sql/served-warehouse.ts'

let served: Served
const sql_dir = mkdtempSync(join(tmpdir(), 'tributary-sql-'))
beforeAll(async () => {
  served = await serve_warehouse()
  for (const dir of ['views', 'migrations']) mkdirSync(join(sql_dir, dir))
})
afterAll(async () => {
  await served.stop()
  rmSync(sql_dir, { recursive: true, force: true })
})

interface Field {
  readonly name: string
  readonly type: unknown
  readonly default?: unknown
}
/** The installation with other fields in the feedback schema. */
const with_fields = (change: (fields: readonly Field[]) => readonly Field[]): App => {
  const app = tributary(2)
  const schema = app.schemas.feedback as { readonly fields: readonly Field[] }
  return { ...app, schemas: { ...app.schemas, feedback: { ...schema, fields: change(schema.fields) } } }
}

describe('migrate', () => {
  it('changes nothing the second time', async () => {
    expect(await migrate(served.warehouse, tributary(2))).toEqual([])
  })

  it('adds the column of a field that was added', async () => {
    const added = [
      { name: 'rating', type: ['null', 'long'], default: null },
      { name: 'source', type: 'string', default: 'web' },
    ]
    await served.fill('feedback', [{ event_id: 'before', tenant_id: 't' }])
    expect(
      await migrate(
        served.warehouse,
        with_fields(fields => [...fields, ...added]),
      ),
    ).toEqual(['added column feedback.rating', 'added column feedback.source'])
    expect(await served.warehouse.query('SELECT rating, source FROM feedback')).toEqual([
      { rating: null, source: 'web' },
    ])
    // An older version beside a newer one leaves the newer one's columns alone.
    expect(await migrate(served.warehouse, tributary(2))).toEqual([])
  })

  it('refuses a type that changed', async () => {
    const changed = with_fields(fields =>
      fields.map(f => (f.name === 'buyer_id' ? { ...f, type: ['null', 'long'] } : f)),
    )
    const attempt = migrate(served.warehouse, changed)
    await expect(attempt).rejects.toThrow(SchemaDrift)
    await expect(attempt).rejects.toThrow(
      'column feedback.buyer_id is Nullable(String) in the warehouse and Nullable(Int64) in the schema',
    )
  })

  it('rewrites what an older version made before it compares', async () => {
    const { warehouse } = served
    const [made] = await warehouse.query<{ text: string }>(
      'SELECT create_table_query AS text FROM system.tables WHERE name = {name:String}',
      { name: 'conversions' },
    )
    const old = made!.text.replace('content_id Nullable(String), ', '')
    expect(old).not.toBe(made!.text)
    for (const sql of ['DROP TABLE conversions', old, 'TRUNCATE TABLE migrations'])
      await warehouse.command(sql)
    const touch = { event_id: 'a', channel: 'mail', campaign: 'may', cost_minor: 7, cost_currency: 'EUR' }
    await served.fill('conversions', [{ event_id: 'e', touches: [{ ...touch, anonymous: true }] }])
    expect(await migrate(warehouse, tributary(2))).toEqual(['ran migration m0001_content_of_touches'])
    expect(await warehouse.query('SELECT touches FROM conversions')).toEqual([
      {
        touches: [{ ...touch, anonymous: true, content_id: null, touched_at: '1970-01-01 00:00:00.000' }],
      },
    ])
  })

  it('runs numbered migrations once, in order', async () => {
    await served.warehouse.command('TRUNCATE TABLE migrations')
    writeFileSync(
      join(sql_dir, 'migrations', 'm0001_notes.sql'),
      'CREATE TABLE IF NOT EXISTS notes (a Int64) ENGINE = MergeTree ORDER BY a;\nINSERT INTO notes VALUES (1);\n',
    )
    writeFileSync(join(sql_dir, 'views', 'journey_notes.sql'), 'SELECT a FROM notes\n')
    expect(await migrate(served.warehouse, tributary(2), sql_dir)).toEqual(['ran migration m0001_notes'])
    expect(await migrate(served.warehouse, tributary(2), sql_dir)).toEqual([])
    expect(await served.warehouse.query('SELECT * FROM journey_notes')).toEqual([{ a: 1 }])
    rmSync(join(sql_dir, 'migrations', 'm0001_notes.sql'))
    writeFileSync(join(sql_dir, 'migrations', 'm0001_other.sql'), 'SELECT 1')
    await expect(migrate(served.warehouse, tributary(2), sql_dir)).rejects.toThrow(
      'migration 1 ran as m0001_notes and is now m0001_other',
    )
    rmSync(join(sql_dir, 'migrations', 'm0001_other.sql'))
    writeFileSync(join(sql_dir, 'migrations', 'm0002_gap.sql'), 'SELECT 1')
    await expect(migrate(served.warehouse, tributary(2), sql_dir)).rejects.toThrow(
      'numbered from 1 without a gap',
    )
  })
})
