/** Import permission is judged by the batch log, and the newest lease entry holds whatever the clock does. */
import { expect, it } from 'vitest'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import { acquisition } from '../../runtime/batch-log.ts'
import { body_reader } from '../../runtime/bodies.ts'
import { type CatalogRow, CatalogView } from '../../runtime/catalog.ts'
import {
  close_lease,
  ImportRefused,
  type LeaseDeps,
  open_lease,
  renew_lease,
} from '../../runtime/import-lease.ts'
import { definitions } from '../../schemas/definitions.ts'
import { memory_deps } from '../server/memory-ports.ts'

const setup = async () => {
  const deps = await memory_deps()
  let now = 1_000_000
  const clock = { ...deps.clock, now: () => now }
  const lease: LeaseDeps = { ...deps, clock, grace_ms: 100 }
  const encode = compile_encoder(
    definitions.batch_log,
    await deps.registry.register('batch_log.customer-value', definitions.batch_log),
  )
  await deps.log.ensure([{ name: 'batch_log.tenant', partitions: 2 }])
  const batch = (partition: number, stream_time_ms: number | null, key_group = 'customer') => {
    const opening = acquisition({ key_group, partition, nonce: 'n', wall_at: 1, code: '' })
    const value = encode({ ...opening, kind: 'batch', seq: 1, stream_time_ms })
    return deps.log.append([{ topic: `batch_log.${key_group}`, partition, key: null, value }])
  }
  const view = async () => {
    const seen = new CatalogView()
    const read = body_reader(deps.registry)
    for (const { offset, value } of deps.log.of('catalog', 0))
      seen.add((await read(value!)) as unknown as CatalogRow, offset)
    return seen
  }
  return {
    deps,
    lease,
    batch,
    view,
    set_clock: (ms: number) => {
      now = ms
    },
  }
}
const request = { id: 'ab'.repeat(32), topic: 'payments', first_occurred_at: 5000, accept_late: false }

it('is granted on an empty log and holds ticks back until it is closed or lapses', async () => {
  const { lease, view } = await setup()
  expect(await open_lease(lease, request)).toEqual({ known: false })
  expect((await view()).import_open(1_000_500, 1000)).toBe(true)
  expect((await view()).import_open(1_002_000, 1000)).toBe(false)
  await close_lease(lease, request)
  expect((await view()).import_open(1_000_500, 1000)).toBe(false)
  expect(await open_lease(lease, request)).toEqual({ known: true })
})

it('survives a clock that goes back', async () => {
  const { lease, view, set_clock } = await setup()
  await open_lease(lease, request)
  set_clock(900_000)
  await renew_lease(lease, request)
  await close_lease(lease, request)
  expect((await view()).import_open(900_000, 3_600_000)).toBe(false)
})

it('is refused when one task is past the history and its grace', async () => {
  const { lease, batch, deps } = await setup()
  await batch(0, 4000)
  await batch(1, 5101)
  await batch(1, null)
  const refused = open_lease(lease, request)
  await expect(refused).rejects.toThrow(ImportRefused)
  await expect(refused).rejects.toThrow(/1970-01-01T00:00:05.000Z.*1970-01-01T00:00:05.101Z/)
  expect(deps.log.of('catalog', 0)).toHaveLength(0)
  expect(await open_lease(lease, { ...request, first_occurred_at: 5001 })).toEqual({ known: false })
  expect(await open_lease(lease, { ...request, accept_late: true })).toEqual({ known: true })
})

it('is refused when a later stage is past what would follow from the history', async () => {
  const { lease, batch } = await setup()
  await batch(0, 4000)
  await batch(1, 9000, 'tenant')
  await expect(open_lease(lease, request)).rejects.toThrow(/1970-01-01T00:00:09.000Z/)
  // Nothing follows from erasures: only their own group counts.
  expect(await open_lease(lease, { ...request, topic: 'erasures' })).toEqual({ known: false })
})
