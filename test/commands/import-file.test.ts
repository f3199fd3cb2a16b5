/** History files: order of time, ids from hash and line, bad rows by line, CSV with quotes and newlines. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BadRow, open_history } from '../../commands/import-file.ts'
import { row_from_csv, row_from_json } from '../../runtime/avro/from-json.ts'
import type { Row } from '../../runtime/emit.ts'
import { definitions } from '../../schemas/definitions.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'history-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

const checks = {
  check: (value: unknown) => row_from_json(definitions.payments, value) as unknown as Row,
  check_cells: (cells: Readonly<Record<string, string>>) =>
    row_from_csv(definitions.payments, cells) as unknown as Row,
}
const load = async (text: string | Buffer, format: 'ndjson' | 'csv' = 'ndjson', tenant?: string) => {
  const path = join(dir, 'file')
  writeFileSync(path, text)
  const bad: BadRow[] = []
  const history = await open_history({ path, format, checks, tenant, on_bad: row => bad.push(row) })
  const rows = history.read(0, 1e6)
  history.close()
  return { history, bad, rows, hash: createHash('sha256').update(text).digest('hex') }
}
const line = (over: object = {}) =>
  JSON.stringify({
    tenant_id: 'a',
    customer_id: 'c',
    occurred_at: 1,
    type: 'refunded',
    amount_minor: 1,
    currency: 'EUR',
    ...over,
  })

describe('NDJSON', () => {
  it('comes in order of time, equal times in order of the file, ids by line as given', async () => {
    const at = [5, 3, 5, 1]
    const { rows, hash, history } = await load(
      `\ufeff${at.map(t => line({ occurred_at: t })).join('\r\n')}\n\n`,
    )
    const prefix = hash.slice(0, 16)
    expect(rows.map(row => [row.occurred_at, row.event_id])).toEqual([
      [1, `${prefix}:4`],
      [3, `${prefix}:2`],
      [5, `${prefix}:1`],
      [5, `${prefix}:3`],
    ])
    expect([history.rows, history.hash, history.occurred_at(0)]).toEqual([4, hash, 1])
  })

  it('keeps given ids and takes repeated lines as separate rows', async () => {
    const { rows } = await load([line({ event_id: 'x' }), line(), line()].join('\n'))
    expect(new Set(rows.map(row => row.event_id)).size).toBe(3)
    expect(rows[0]?.event_id).toBe('x')
  })

  it('reports bad rows by line, field and reason; the others stay', async () => {
    const text = [
      line(),
      '{"torn": ',
      '',
      line({ amount_minor: -5 }),
      '[1]',
      line({ occurred_at: 0, colour: 1 }),
      line({ occurred_at: 9 }),
    ].join('\n')
    const { bad, rows } = await load(text)
    expect(bad.map(({ line, field }) => [line, field])).toEqual([
      [2, ''],
      [4, 'amount_minor'],
      [5, ''],
      [6, 'colour'],
    ])
    expect(bad[1]?.reason).toContain('below 0')
    expect(rows.map(row => row.occurred_at)).toEqual([1, 9])
  })

  it('fills in the tenant where there is none', async () => {
    const { rows, bad } = await load(
      [line({ tenant_id: undefined }), line({ tenant_id: 'b', occurred_at: 2 })].join('\n'),
      'ndjson',
      'acme',
    )
    expect(bad).toEqual([])
    expect(rows.map(row => row.tenant_id)).toEqual(['acme', 'b'])
  })

  it('finds rows across read chunks, and sorts many', async () => {
    const n = 9000
    const text = Array.from({ length: n }, (_, i) =>
      line({ occurred_at: (i * 7919) % n, properties: { pad: 'é'.repeat(120) } }),
    ).join('\n')
    const { rows, hash } = await load(text)
    expect(text.length).toBeGreaterThan(2 << 20)
    expect(rows.map(row => row.occurred_at)).toEqual(Array.from({ length: n }, (_, i) => i))
    expect(rows[7919]?.event_id).toBe(`${hash.slice(0, 16)}:2`)
  })
})

describe('CSV', () => {
  const header = 'tenant_id,customer_id,occurred_at,type,amount_minor,currency,method'
  it('takes columns as fields, quotes, newlines and empty cells', async () => {
    const text = `\ufeff${header}\r\na,c,2,refunded,5,EUR,"x, ""y""\nz"\r\na,"c 2",2026-01-01T00:00:00Z,refunded,6,EUR,\n`
    const { rows, bad, hash } = await load(text, 'csv')
    expect(bad).toEqual([])
    expect(rows).toMatchObject([
      { customer_id: 'c', method: 'x, "y"\nz', amount_minor: 5, event_id: `${hash.slice(0, 16)}:2` },
      { customer_id: 'c 2', method: null, event_id: `${hash.slice(0, 16)}:4` },
    ])
  })

  it('reports bad records without harm to their neighbours', async () => {
    const text = `${header}\na,c,1,refunded,five,EUR,\na,c,2,refunded,5\na,c"c,3,refunded,5,EUR,\na,"c"c,3,refunded,5,EUR,\na,c,4,refunded,5,EUR,\n`
    const { rows, bad } = await load(text, 'csv')
    expect(bad.map(({ line, field }) => [line, field])).toEqual([
      [2, 'amount_minor'],
      [3, ''],
      [4, ''],
      [5, ''],
    ])
    expect(rows).toHaveLength(1)
  })
})
