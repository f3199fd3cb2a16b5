/** quality_policy: given entries of the catalog, expected versions with their time and reason. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
let offset = 0
const entry = (id: string, effective_at: string, body: unknown, more: object = {}) => ({
  ...{ _key: 'k', _offset: offset++, event_id: `e${offset}`, tenant_id: 'acme', kind: 'lead_policies', id },
  ...{ occurred_at: effective_at, effective_at, revision: 0, ...more },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const ALL = { tenant_id: '*' }
const GLOBEX = { tenant_id: 'globex' }
const weights = { base: 36, behavior: 29, timing: 25, market: 10 }
const LEARNED = {
  ...{ version: 'learned-1', base: 'lead-1', table: { weights } },
  calibration: [
    [50, 0.4],
    [90, 0.9],
  ],
}
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('catalog', [
    entry('*', '2026-01-01T00:00:00.000Z', { version: 'v0', base: 'lead-0', reason: 'as it was' }, ALL),
    entry('acme|shadow', '2026-01-02T00:00:00.000Z', { ...LEARNED, reason: 'fitted' }),
    entry('acme', '2026-01-03T00:00:00.000Z', { ...LEARNED, reason: 'better' }),
    // Said a second time: the first counts.
    entry('acme', '2026-01-03T00:00:00.000Z', { version: 'other', base: 'lead-1', reason: 'too late' }),
    entry('acme', '2026-01-04T00:00:00.000Z', 'no JSON'),
    entry('acme', '2026-03-01T00:00:00.000Z', LEARNED, { occurred_at: '2026-01-04T00:00:00.000Z' }),
    // Told only later that it had held.
    entry('acme', '2026-01-03T12:00:00.000Z', LEARNED, { occurred_at: '2026-03-01T00:00:00.000Z' }),
    entry('acme', '2026-01-02T00:00:00.000Z', {}, { kind: 'buyers' }),
    // For all, so for globex: of that tenant only.
    entry('*', '2026-01-02T00:00:00.000Z', { version: 'g', base: 'lead-1', reason: 'ours' }, GLOBEX),
    // In the scope of another: for nobody.
    entry('acme', '2026-01-05T00:00:00.000Z', { version: 'g', base: 'lead-1', reason: 'theirs' }, GLOBEX),
    entry('acme|shadow', '2026-01-05T00:00:00.000Z', LEARNED, GLOBEX),
  ])
})
afterAll(() => served.stop())

it('tells scope and role, from when until when, and why', async () => {
  const rows = await served.warehouse.query(
    `SELECT * FROM quality_policy(as_of = toDateTime64('2026-02-01 00:00:00', 3, 'UTC'))
     ORDER BY tenant_id, scope, role, effective_at`,
    {},
  )
  const day = (n: number): string => `2026-01-0${n} 00:00:00.000`
  const tenant_id = 'acme'
  const learned = { tenant_id, version: 'learned-1', base: 'lead-1', revision: 0, weights, knots: 2 }
  const bare = { tenant_id, version: '', base: '', revision: 0, weights: {}, knots: 0, reason: '' }
  expect(rows).toEqual([
    {
      ...{
        ...bare,
        ...ALL,
        scope: '*',
        role: 'champion',
        version: 'v0',
        base: 'lead-0',
        reason: 'as it was',
      },
      ...{ effective_at: day(1), until_at: null },
    },
    {
      ...{ ...learned, scope: 'acme', role: 'champion', reason: 'better' },
      ...{ effective_at: day(3), until_at: day(4) },
    },
    { ...bare, scope: 'acme', role: 'champion', effective_at: day(4), until_at: null },
    { ...learned, scope: 'acme', role: 'shadow', reason: 'fitted', effective_at: day(2), until_at: null },
    {
      ...{ ...bare, ...GLOBEX, scope: '*', role: 'champion', version: 'g', base: 'lead-1', reason: 'ours' },
      ...{ effective_at: day(2), until_at: null },
    },
  ])
})
