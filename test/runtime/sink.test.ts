/** The sink over ports in memory: what it inserts, what it saves, and what it does when things fail. */
import { describe, expect, it, vi } from 'vitest'
import { sink_topics } from '../../runtime/sink.ts'
import {
  BATCH_LOG,
  base,
  batch,
  ledger_entry,
  offsets_in,
  ports,
  put_payments,
  saved,
  sink,
  start,
  type_of,
  use_memory_ports,
} from './sink-fixture.ts'

use_memory_ports()

describe('of the inputs', () => {
  it('only what a batch judged and kept is inserted', async () => {
    put_payments(0, 0, 1, 3, 4, 5, 6)
    ports.put(BATCH_LOG, 0, 0, batch(0, 0, []))
    ports.put(BATCH_LOG, 0, 1, batch(0, 1, [[0, 4]], [1]))
    start()
    await vi.waitFor(() => expect(saved(BATCH_LOG)).toBe(2))
    // Offset 2 is a marker, 1 was left out, 4 and later are not judged yet.
    expect(offsets_in('payments')).toEqual([0, 3])
    expect(ports.warehouse.rows('payments')[0]).toMatchObject({
      _log_id: 'life',
      _key: 'key',
      _partition: 0,
      event_id: 'p0',
    })
    expect(saved('payments')).toBe(4)
    ports.put(BATCH_LOG, 0, 3, batch(0, 2, [[4, 6]]))
    await vi.waitFor(() => expect(saved(BATCH_LOG)).toBe(4))
    expect(offsets_in('payments')).toEqual([0, 3, 4, 5])
    expect(ports.warehouse.rows('batches').map(row => row.seq)).toEqual([0, 1, 2])
    expect(sink.status().find(status => status.partition === 0)).toMatchObject({
      lag: { payments: 1 },
      error: null,
    })
  })

  it('a range waits for its last record, and the batch for its ranges', async () => {
    put_payments(0, 0, 1)
    ports.put(BATCH_LOG, 0, 0, batch(0, 1, [[0, 3]]))
    start()
    await vi.waitFor(() => expect(saved('payments')).toBe(2))
    expect(saved(BATCH_LOG)).toBeUndefined()
    expect(ports.warehouse.rows('batches')).toEqual([])
    put_payments(0, 2)
    await vi.waitFor(() => expect(saved(BATCH_LOG)).toBe(1))
    expect(offsets_in('payments')).toEqual([0, 1, 2])
  })

  it('a restart within a range goes on behind what was inserted', async () => {
    put_payments(0, 0, 1, 2)
    ports.put(BATCH_LOG, 0, 0, batch(0, 1, [[0, 3]]))
    ports.saved(0).set('payments', 2)
    start()
    await vi.waitFor(() => expect(saved(BATCH_LOG)).toBe(1))
    expect(offsets_in('payments')).toEqual([2])
  })

  it('a record without a value is no row', async () => {
    ports.put('payments', 0, 0, null)
    ports.put(BATCH_LOG, 0, 0, batch(0, 1, [[0, 1]]))
    start()
    await vi.waitFor(() => expect(saved(BATCH_LOG)).toBe(1))
    expect(offsets_in('payments')).toEqual([])
  })
})

describe('outputs', () => {
  it('are inserted as they come, those of many partitions together', async () => {
    for (const partition of [0, 1])
      for (const offset of [0, 1, 2]) ports.put('ledger', partition, offset, ledger_entry(`l${offset}`))
    start()
    await vi.waitFor(() => expect([saved('ledger', 0), saved('ledger', 1)]).toEqual([3, 3]))
    expect(ports.warehouse.rows('ledger')).toHaveLength(6)
    expect(ports.warehouse.rows('ledger')[0]).toMatchObject({ _log_id: '' })
    expect(ports.warehouse.inserts.filter(insert => insert.table === 'ledger').length).toBeLessThanOrEqual(2)
  })

  it('fill inserts of bounded size', async () => {
    for (let offset = 0; offset < 100; offset++) ports.put('ledger', 0, offset, ledger_entry(`l${offset}`))
    start({ insert_bytes_max: 700 })
    await vi.waitFor(() => expect(saved('ledger')).toBe(100))
    expect(offsets_in('ledger')).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(Math.max(...ports.warehouse.inserts.map(insert => insert.rows))).toBeLessThan(25)
  })
})

describe('progress', () => {
  it('is saved only behind an insert; what was not saved is inserted again', async () => {
    ports.put('ledger', 0, 0, ledger_entry('l0'))
    ports.fail_saves(1)
    start()
    await vi.waitFor(() => expect(saved('ledger')).toBe(1))
    expect(offsets_in('ledger')).toEqual([0, 0])
    for (const { offsets, rows } of ports.saves)
      expect(rows.get('ledger') ?? 0).toBeGreaterThanOrEqual(offsets.get('ledger') ?? 0)
  })

  it('is saved on leaving', async () => {
    start({ insert_wait_ms: 60_000 })
    await vi.waitFor(() => expect(sink.status()).toHaveLength(2))
    ports.put('ledger', 0, 0, ledger_entry('l0'))
    await vi.waitFor(() => expect(sink.status()[0]?.lag.ledger).toBe(0))
    await sink.stop()
    expect(saved('ledger')).toBe(1)
    expect(offsets_in('ledger')).toEqual([0])
  })
})

describe('a warehouse that is away', () => {
  it('is waited for, nothing is saved, and the status says why', async () => {
    ports.put('ledger', 0, 0, ledger_entry('l0'))
    ports.warehouse.fail = new Error('connection refused')
    start()
    await vi.waitFor(() => expect(sink.status()[0]?.error).toBe('connection refused'))
    expect(saved('ledger')).toBeUndefined()
    ports.warehouse.fail = null
    await vi.waitFor(() => expect(saved('ledger')).toBe(1))
    expect(sink.status()[0]?.error).toBeNull()
    expect(offsets_in('ledger')).toEqual([0])
    expect(ports.appended).toEqual([])
  })

  it('does not keep the sink from stopping', async () => {
    ports.put('ledger', 0, 0, ledger_entry('l0'))
    ports.warehouse.fail = new Error('connection refused')
    start()
    await vi.waitFor(() => expect(sink.status()[0]?.error).toBe('connection refused'))
    await sink.stop()
    expect(saved('ledger')).toBeUndefined()
  })
})

describe('rows the warehouse refuses', () => {
  it('are found, set aside with their bytes, and harm no neighbour', async () => {
    const cut = ledger_entry('broken').subarray(0, -3)
    for (const offset of [0, 1, 2, 4, 5, 6]) ports.put('ledger', 0, offset, ledger_entry(`l${offset}`))
    ports.put('ledger', 0, 3, cut)
    ports.put('ledger', 0, 7, Buffer.from('not Avro'))
    start()
    await vi.waitFor(() => expect(saved('ledger')).toBe(8))
    expect(offsets_in('ledger')).toEqual([0, 1, 2, 4, 5, 6])
    const letters = ports.appended.map(output =>
      type_of('dead_letters').fromBuffer((output.value as Buffer).subarray(5)),
    )
    expect(letters.map(letter => letter.event_id).sort()).toEqual(['ledger:0:3', 'ledger:0:7'])
    const letter = letters.find(({ offset }) => offset === 3)
    expect(letter).toMatchObject({ reason: 'SINK_REJECTED', topic: 'ledger', partition: 0 })
    expect(Buffer.from(letter.value)).toEqual(cut)
    expect(ports.appended[0]).toMatchObject({ topic: 'dead_letters', partition: 0 })
  })

  it('are not set aside for a refusal that does not come a second time', async () => {
    ports.put('ledger', 0, 0, ledger_entry('l0'))
    // The insert and the first look at the row, but not the look at an empty file between them.
    ports.warehouse.refuse_rows = 2
    start()
    await vi.waitFor(() => expect(saved('ledger')).toBe(1))
    expect(ports.warehouse.refuse_rows).toBe(0)
    expect(ports.appended).toEqual([])
    expect(offsets_in('ledger')).toEqual([0])
  })

  it('are not blamed where the table takes none at all', async () => {
    ports.put('ledger', 0, 0, ledger_entry('l0'))
    ports.warehouse.refuse_table = 'ledger'
    start()
    await vi.waitFor(() => expect(sink.status()[0]?.error).toContain('table ledger takes no row of schema'))
    expect(ports.appended).toEqual([])
    ports.warehouse.refuse_table = null
    await vi.waitFor(() => expect(saved('ledger')).toBe(1))
    expect(offsets_in('ledger')).toEqual([0])
  })
})

describe('a log or registry that fails', () => {
  it('makes the partition begin anew from what was saved', async () => {
    ports.put('ledger', 0, 0, ledger_entry('l0'))
    start()
    await vi.waitFor(() => expect(saved('ledger')).toBe(1))
    ports.break_reader('ledger', 0, new Error('offset out of range'))
    await vi.waitFor(() => expect(ports.joins('ledger', 0)).toBeGreaterThan(1))
    ports.put('ledger', 0, 1, ledger_entry('l1'))
    await vi.waitFor(() => expect(saved('ledger')).toBe(2))
    expect(offsets_in('ledger')).toEqual([0, 1])
  })

  it('does not lose a batch whose schema cannot be had for a while', async () => {
    put_payments(0, 0)
    ports.registry.fail = new Error('registry away')
    ports.put(BATCH_LOG, 0, 0, batch(0, 1, [[0, 1]]))
    start()
    await vi.waitFor(() => expect(sink.status()[0]?.error).toBe('registry away'))
    ports.registry.fail = null
    await vi.waitFor(() => expect(saved(BATCH_LOG)).toBe(1))
    expect(offsets_in('payments')).toEqual([0])
  })
})

it('shows a partition that was given anew before it was taken away', async () => {
  put_payments(0, 0)
  ports.put(BATCH_LOG, 0, 0, batch(0, 1, [[0, 1]]))
  const taken = new AbortController()
  const { run } = ports.log
  ports.log.run = (group, work, signal) =>
    run(
      group,
      async task => {
        if (task.partition !== 0) return work(task)
        // Both calls wait for their turn while the process stands still: the one of before comes second.
        const now = work(task)
        const before = work({ ...task, reader: task.reader, signal: taken.signal })
        taken.abort()
        await Promise.all([before, now])
      },
      signal,
    )
  start()
  await vi.waitFor(() => expect(saved(BATCH_LOG)).toBe(1))
  expect(
    sink
      .status()
      .map(({ partition }) => partition)
      .sort(),
  ).toEqual([0, 1])
})

it('joins every topic with a table and every batch log, where they have the partition', () => {
  const topics = sink_topics({ ...base, pipelines: [] })
  expect(topics.group).toMatchObject({ name: 'sink', partitions: 2, transactional: false })
  expect([...topics.group.topics]).toEqual(
    expect.arrayContaining(['payments', 'ledger', 'catalog', 'batch_log.customer', 'batch_log.catalog']),
  )
  expect(topics.at(0).judged.map(group => group.batch_log)).toContain('batch_log.catalog')
  expect(topics.at(1).judged.map(group => group.batch_log)).not.toContain('batch_log.catalog')
  expect(topics.at(1).outputs).toContain('ledger')
})
