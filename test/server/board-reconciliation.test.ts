/** The books in the background: when they are looked at, and what two looks say. */
import { describe, expect, it } from 'vitest'
import { LOOK_AGAIN_MS, RECONCILE_EVERY_MS, reconciliation } from '../../server/board/reconciliation.ts'
import type { ServerDeps } from '../../server/server-deps.ts'
import { FakeClock } from './fake-clock.ts'
import { live_task, memory_deps, running } from './memory-ports.ts'

const NOW = Date.UTC(2026, 2, 11, 10, 10)

describe('reconciliation', () => {
  /** `rows(look)`: what the one check returns at its n-th look. */
  const books = async (rows: (look: number) => object[], lag: () => number = () => 0) => {
    const clock = new FakeClock(NOW)
    let looks = 0
    const query = (async () => rows(++looks)) as ServerDeps['warehouse']['query']
    const warehouse = { query, health: async () => null }
    const worker = {
      ...running([live_task]),
      status: () => [{ ...live_task, lag: { payments: lag() } }],
    }
    const deps = await memory_deps({ warehouse, clock, worker })
    const closing = new AbortController()
    const reconciled = reconciliation(deps, closing.signal, () => [{ name: 'c', text: 'SELECT 1' }])
    const run = async () => {
      reconciled.look()
      await clock.advance(LOOK_AGAIN_MS + 200)
    }
    return { reconciled, clock, run, looks: () => looks, closing }
  }
  const missing = { problem: 'rows are missing', topic: 'payments', tenant_id: 'acme', stored_rows: 1 }

  it('is exact when no check has a row, asked once a minute while somebody looks', async () => {
    const { reconciled, run, clock, looks } = await books(() => [])
    expect(reconciled.result('acme').state).toBe('never')
    await run()
    await run()
    expect(looks()).toBe(1)
    expect(reconciled.result('acme')).toMatchObject({ state: 'exact', checks: 1, differences: [] })
    await clock.advance(RECONCILE_EVERY_MS * 3)
    expect(looks()).toBe(1)
    await run()
    expect(looks()).toBe(2)
  })

  it('takes at most a twentieth of the time where a check takes long', async () => {
    const clock = new FakeClock(NOW)
    let looks = 0
    const query = async <R>(): Promise<R[]> => {
      looks++
      await clock.sleep(10_000)
      return []
    }
    const deps = await memory_deps({ warehouse: { query, health: async () => null }, clock })
    const checks = () => [{ name: 'c', text: 'SELECT 1' }]
    const { look } = reconciliation(deps, new AbortController().signal, checks)
    look()
    await clock.advance(10_000)
    await clock.advance(189_000)
    look()
    expect(looks).toBe(1)
    await clock.advance(1000)
    look()
    expect(looks).toBe(2)
  })

  it('differs when rows are there in two looks and nothing is behind, for their tenant only', async () => {
    const { reconciled, run } = await books(() => [missing])
    await run()
    expect(reconciled.result('acme')).toMatchObject({
      state: 'differs',
      differences: ['rows are missing: topic payments, tenant_id acme, stored_rows 1'],
    })
    expect(reconciled.result('bolt')).toMatchObject({ state: 'exact', differences: [] })
  })

  it('looks a second time before it believes a row', async () => {
    const { reconciled, run, looks } = await books(look => (look === 1 ? [missing] : []))
    await run()
    expect([reconciled.result('acme').state, looks()]).toEqual(['exact', 2])
  })

  it('believes nothing while something is behind: rows that come and go are the insert’s', async () => {
    const { reconciled, run } = await books(
      look => [{ ...missing, topic: `t${look}` }],
      () => 3,
    )
    await run()
    expect(reconciled.result('acme').state).toBe('exact')
    const staying = await books(
      look => [{ ...missing, stored_rows: look }],
      () => 3,
    )
    await staying.run()
    expect(staying.reconciled.result('acme')).toMatchObject({ state: 'never', differences: [] })
    const same = await books(
      () => [missing],
      () => 3,
    )
    await same.run()
    expect(same.reconciled.result('acme').state).toBe('never')
  })

  it('believes no count that moves, though nothing seems behind', async () => {
    const { reconciled, run } = await books(look => [{ ...missing, stored_rows: look }])
    await run()
    expect(reconciled.result('acme').state).toBe('never')
  })

  it('keeps the last verdict where it cannot tell', async () => {
    let lag = 0
    const { reconciled, run, clock } = await books(
      () => [missing],
      () => lag,
    )
    await run()
    const { checked_at } = reconciled.result('acme')
    lag = 5
    await clock.advance(RECONCILE_EVERY_MS)
    await run()
    expect(reconciled.result('acme')).toMatchObject({ state: 'differs', checked_at })
  })

  it('tells at most three rows of a check, and asks the others when one fails', async () => {
    const clock = new FakeClock(NOW)
    const query = (async (sql: string) => {
      if (sql.includes('broken')) throw new Error('no such table')
      return sql.includes('many') ? [1, 2, 3, 4, 5].map(n => ({ problem: 'many', n })) : [{ problem: 'one' }]
    }) as ServerDeps['warehouse']['query']
    const warehouse = { query, health: async () => null }
    const deps = await memory_deps({ warehouse, clock })
    const named = ['broken', 'many', 'one'].map(name => ({ name, text: `SELECT '${name}'` }))
    const reconciled = reconciliation(deps, new AbortController().signal, () => named)
    reconciled.look()
    await clock.advance(3 * LOOK_AGAIN_MS)
    expect(reconciled.result('acme')).toEqual({
      state: 'differs',
      checked_at: null,
      checks: 3,
      differences: ['many: n 1', 'many: n 2', 'many: n 3', 'one'],
    })
  })

  it('tries again soon when the warehouse does not answer, and not at all when the server closes', async () => {
    const { reconciled, run, clock, looks, closing } = await books(look => {
      if (look === 1) throw new Error('no route')
      return []
    })
    await run()
    expect(reconciled.result('acme').state).toBe('never')
    await clock.advance(10_000)
    await run()
    expect([reconciled.result('acme').state, looks()]).toEqual(['exact', 2])
    closing.abort()
    await clock.advance(RECONCILE_EVERY_MS)
    await run()
    expect(looks()).toBe(2)
  })
})
