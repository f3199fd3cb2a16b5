/** The sink and a warehouse in trouble, over ports in memory: standstills, smaller inserts, tables that lost rows. */
import { describe, expect, it, vi } from 'vitest'
import { WarehouseFailed } from '../../runtime/clickhouse/errors.ts'
import type { SinkStatus } from '../../runtime/worker-types.ts'
import {
  BATCH_LOG,
  batch,
  ledger_entry,
  offsets_in,
  ports,
  put_payments,
  saved,
  sink,
  start,
  use_memory_ports,
} from './sink-fixture.ts'

use_memory_ports()

describe('an insert that fails', () => {
  const failing = (code: string) => new WarehouseFailed(code, `ClickHouse ${code}`)

  it('says its code, since when and how often it was tried', async () => {
    ports.put('ledger', 0, 0, ledger_entry('l0'))
    ports.warehouse.fail = failing('252')
    start()
    await vi.waitFor(() => expect(sink.status()[1]?.standstill?.tries).toBeGreaterThan(5))
    const { standstill, error, waiting_ms } = sink.status()[0] as SinkStatus
    expect([standstill?.code, error]).toEqual(['252', 'ClickHouse 252'])
    expect(standstill?.since).toBeLessThan(ports.clock.now())
    expect(waiting_ms).toBeGreaterThanOrEqual(ports.clock.now() - (standstill?.since ?? 0))
    ports.warehouse.fail = null
    await vi.waitFor(() => expect(saved('ledger')).toBe(1))
    expect(sink.status()[0]).toMatchObject({ standstill: null, error: null, waiting_ms: 0 })
  })

  it('for memory or time is sent in smaller ones at the second time, then in larger ones again', async () => {
    for (let n = 0; n < 800; n++) ports.put('ledger', 0, n, ledger_entry(`l${n}`))
    ports.warehouse.rows_max = 600
    start()
    await vi.waitFor(() => expect(saved('ledger')).toBe(800), { timeout: 5000 })
    expect(offsets_in('ledger')).toEqual(Array.from({ length: 800 }, (_, i) => i))
    expect(ports.warehouse.attempts.slice(0, 2)).toEqual([800, 800])
    ports.warehouse.rows_max = 1e9
    for (let n = 800; n < 2000; n++) {
      ports.put('ledger', 0, n, ledger_entry(`l${n}`))
      if (n % 400 === 399) await vi.waitFor(() => expect(saved('ledger')).toBe(n + 1), { timeout: 5000 })
    }
    expect(ports.warehouse.inserts.filter(({ table }) => table === 'ledger').at(-1)?.rows).toBe(400)
  })

  it('without an answer is shown as a standstill, too', async () => {
    ports.put('ledger', 0, 0, ledger_entry('l0'))
    const silence = Promise.withResolvers<void>()
    ports.warehouse.silence = silence.promise
    start()
    await vi.waitFor(() => expect(sink.status()[0]?.standstill?.code).toBe('WAITING'))
    expect(sink.status()[0]?.error).toBe('an insert into ledger has no answer yet')
    silence.resolve()
    await vi.waitFor(() => expect(saved('ledger')).toBe(1))
    expect(sink.status()[0]?.error).toBeNull()
  })
})

describe('a warehouse that lost what it had confirmed', () => {
  const fill = async () => {
    put_payments(0, 0, 1, 2)
    ports.put(BATCH_LOG, 0, 0, batch(0, 1, [[0, 2]]))
    ports.put(BATCH_LOG, 0, 1, batch(0, 2, [[2, 3]]))
    ports.put('ledger', 0, 0, ledger_entry('l0'))
    start()
    await vi.waitFor(() => expect([saved(BATCH_LOG), saved('ledger')]).toEqual([2, 1]))
    await sink.stop()
  }

  it('is filled again from the beginning, and that is saved before anything is read', async () => {
    await fill()
    ports.warehouse.empty()
    const before = ports.saves.length
    start()
    await vi.waitFor(() => expect(offsets_in('payments')).toEqual([0, 1, 2]))
    await vi.waitFor(() => expect(saved(BATCH_LOG)).toBe(2))
    expect(offsets_in('ledger')).toEqual([0])
    expect(ports.warehouse.rows('batches').map(row => row.seq)).toEqual([1, 2])
    const [first] = ports.saves.slice(before)
    expect([first?.offsets.get(BATCH_LOG), first?.rows.get('ledger')]).toEqual([0, 0])
  })

  it('of the newest batches only, too; and one that holds all is left alone', async () => {
    await fill()
    ports.saved(0).set(BATCH_LOG, 3)
    start()
    await vi.waitFor(() => expect(offsets_in('payments')).toEqual([0, 1, 2, 0, 1, 2]))
    await vi.waitFor(() => expect(saved(BATCH_LOG)).toBe(2))
    await sink.stop()
    start()
    ports.put('ledger', 0, 1, ledger_entry('l1'))
    await vi.waitFor(() => expect(saved('ledger')).toBe(2))
    expect(offsets_in('ledger')).toEqual([0, 0, 1])
  })
})
