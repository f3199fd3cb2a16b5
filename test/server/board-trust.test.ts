/** Whether the numbers can be believed, whose they are and in what money: asked of ClickHouse itself. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asking, in_lanes } from '../../server/board/asking.ts'
import { board_shelf } from '../../server/board/board-shelf.ts'
import { type Reconciliation, reconciliation } from '../../server/board/reconciliation.ts'
import { known_tenants } from '../../server/board/tenants.ts'
import { ask_trust } from '../../server/board/trust-panel.ts'
import { ledger_row, type Served, serve_warehouse } from '../sql/served-warehouse.ts'
import { live_task, memory_deps, running } from './memory-ports.ts'

const NOW = Date.UTC(2026, 2, 11, 10, 10)
const iso = (ms: number): string => new Date(ms).toISOString()

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('ledger', [
    ledger_row({ event_id: 'a', occurred_at: iso(NOW) }),
    ledger_row({ event_id: 'b', occurred_at: iso(NOW - 5000) }),
    ledger_row({ tenant_id: 't2', event_id: 'c', occurred_at: iso(NOW + 5000) }),
  ])
})
afterAll(() => served.stop())

/** Nothing is compared here. */
const unasked: Reconciliation = {
  look: () => {},
  result: () => ({ state: 'never', checked_at: null, checks: 0, differences: [] }),
}

describe('trust', () => {
  it('says how far behind it is and what the warehouse has', async () => {
    const deps = await memory_deps({
      warehouse: served.warehouse,
      worker: running([{ ...live_task, lag: { payments: 3, touchpoints: 1 } }]),
      sink: running([{ partition: 0, lag: { ledger: 5 }, error: null }]),
    })
    await served.fill('batches', [{ key_group: 'g', kind: 'batch', wall_at: iso(NOW - 500) }])
    const about = asking(served.warehouse.query, { tenant: 't1', currency: 'USD', now_ms: NOW })
    const panel = await ask_trust(about, deps, unasked)
    expect(panel).toMatchObject({
      newest_payment_at: iso(NOW),
      behind_records: 9,
      inserted_at: iso(NOW - 500),
    })
  })

  it('runs every check of sql/checks on a real warehouse', async () => {
    const deps = await memory_deps({ warehouse: served.warehouse })
    const reconciled = reconciliation(
      { ...deps, clock: { ...deps.clock, sleep: async () => {} } },
      new AbortController().signal,
    )
    reconciled.look()
    await expect.poll(() => reconciled.result('t1').checked_at, { timeout: 20_000 }).not.toBeNull()
    // The ledger rows above have no payments.
    const { state, checks, differences } = reconciled.result('t1')
    expect(state).toBe('differs')
    expect(differences.length).toBeLessThanOrEqual(10)
    expect(checks).toBeGreaterThanOrEqual(7)
    expect(differences.join('\n')).toContain('a ledger row has no payment')
    expect(differences.join('\n')).not.toContain('t2')
  })
})

it('knows the tenants of ledger, touchpoints and conversations', async () => {
  await served.fill('conversations', [{ _key: 't0|c', tenant_id: 't0', event_id: 'k' }])
  const deps = await memory_deps({ warehouse: served.warehouse })
  expect(await known_tenants(deps)()).toEqual(['t0', 't1', 't2'])
})

it('takes the currency from the catalog, else from most movements, else USD', async () => {
  let now_ms = NOW
  const clock = { now: () => now_ms, sleep: async () => {}, nonce: () => 'n' }
  const deps = await memory_deps({ warehouse: served.warehouse, clock })
  const shelf = board_shelf(deps, unasked, new AbortController().signal)
  await served.fill('ledger', [
    ledger_row({ tenant_id: 'ty', event_id: '1', currency: 'JPY', occurred_at: iso(NOW - 5) }),
    ledger_row({ tenant_id: 'ty', event_id: '2', currency: 'JPY', occurred_at: iso(NOW - 5) }),
    ledger_row({ tenant_id: 'ty', event_id: '3', currency: 'EUR', occurred_at: iso(NOW - 5) }),
    ledger_row({ tenant_id: 'tc', event_id: '1', currency: 'EUR', occurred_at: iso(NOW - 5) }),
  ])
  const entry = (revision: number, currency: string, effective_at = NOW - 10) => ({
    _key: `tenants|tc|${effective_at}|${revision}`,
    event_id: `${effective_at}-${revision}`,
    tenant_id: 'tc',
    kind: 'tenants',
    id: 'tc',
    revision,
    effective_at: iso(effective_at),
    body: JSON.stringify({ currency }),
  })
  await served.fill('catalog', [entry(2, 'GBP'), entry(1, 'CHF'), entry(9, 'SEK', NOW + 3_600_000)])
  const currency_of = async (tenant: string) => (await shelf.of(tenant).read()).currency
  expect(await Promise.all(['ty', 'tc', 'new'].map(currency_of))).toEqual(['JPY', 'GBP', 'USD'])
  // The new one's first money decides; more of another does not, while somebody looks.
  await served.fill('ledger', [
    ledger_row({ tenant_id: 'new', event_id: '1', currency: 'JPY', occurred_at: iso(NOW - 5) }),
    ...['4', '5'].map(event_id =>
      ledger_row({ tenant_id: 'ty', event_id, currency: 'EUR', occurred_at: iso(NOW - 5) }),
    ),
  ])
  now_ms += 60_000
  expect(await Promise.all(['ty', 'tc', 'new'].map(currency_of))).toEqual(['JPY', 'GBP', 'JPY'])
})

it('runs so many at a time', async () => {
  const in_lane = in_lanes(2)
  let now = 0
  let most = 0
  const releases: (() => void)[] = []
  const work = async () => {
    most = Math.max(most, ++now)
    await new Promise<void>(resolve => releases.push(resolve))
    now--
  }
  const all = Promise.all([1, 2, 3, 4, 5].map(() => in_lane(work)))
  for (let i = 0; i < 5; i++) {
    await expect.poll(() => releases.length).toBeGreaterThan(0)
    releases.shift()!()
  }
  await all
  expect([most, now]).toEqual([2, 0])
})
