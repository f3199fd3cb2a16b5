/** Records that came to another partition, or with another key, than their body's: copied once, judged once, like others. */
import { afterEach, expect, test } from 'vitest'
import { partitions_of } from '../../runtime/app.ts'
import { partition_of } from '../../runtime/keys.ts'
import { scan } from '../../runtime/scan.ts'
import type { Batch, LedgerEntry } from '../../schemas/types.ts'
import { payment, type SmallSystem, small_system } from './small-system.ts'

const paid = (event_id: string, customer_id: string) => payment({ event_id, customer_id })

let system: SmallSystem
afterEach(() => system.close())

/** Bytes of a payment as an emitter would send them, put where nobody expects them. */
const misplace = async (row: ReturnType<typeof paid>, key: string | null, shift: number) => {
  const { log } = system.deps
  await system.send('payments', [row])
  const right = Buffer.from(`acme|${row.customer_id}`)
  const partitions = partitions_of(system.deps.app, 'payments')
  const at = partition_of(right, partitions)
  let value: Buffer | null = null
  await scan(log, { topic: 'payments', partition: at }, 0, record => {
    if (record.value?.includes(row.event_id)) value = Buffer.from(record.value)
  })
  return {
    topic: 'payments',
    partition: (at + shift) % partitions,
    key: key === null ? null : Buffer.from(key),
    value,
  }
}

const outcomes = async () => {
  const sums = { processed: 0, duplicate: 0, forwarded: 0, late: 0, dead_letter: 0 }
  for (const { outcomes: of_batch, ranges } of await system.read<Batch>('batch_log.customer'))
    if (ranges.some(({ topic }) => topic.startsWith('payments')))
      for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += of_batch[name]
  return sums
}

const ledger_of = async () =>
  (await system.read<LedgerEntry>('ledger')).map(row => `${row.customer_id} ${row.cause_event_id}`).sort()

test('a record on the wrong partition, with a wrong key or none is judged once by its own task', async () => {
  system = await small_system()
  const strays = [
    await misplace(paid('elsewhere', 'ada'), 'acme|ada', 1),
    await misplace(paid('misnamed', 'bo'), 'acme|somebody', 0),
    await misplace(paid('keyless', 'cy'), null, 1),
  ]
  await system.deps.log.append(strays)
  const worker = system.start()
  await system.settled(worker)
  await worker.stop()
  expect(await ledger_of()).toEqual(['ada elsewhere', 'bo misnamed', 'cy keyless'])
  // Each was sent once where it belongs, and once as a stray: the copy meets the first and is its duplicate.
  expect(await outcomes()).toEqual({ processed: 3, duplicate: 3, forwarded: 3, late: 0, dead_letter: 0 })
  expect(await system.read('payments.rekeyed')).toHaveLength(3)
  expect(await system.read('dead_letters')).toEqual([])
})

test('a replay from the beginning copies no stray again and comes to the same digest', async () => {
  system = await small_system()
  const stray = await misplace(paid('one', 'ada'), 'acme|ada', 1)
  const { key: _, ...other } = await misplace(paid('two', 'ada'), 'acme|ada', 1)
  await system.deps.log.append([stray, { ...other, key: null }])
  const first = system.start()
  await system.settled(first)
  await first.stop()
  for (const group of ['customer', 'tenant'])
    for (const partition of [0, 1])
      await system.deps.store.wipe({ app: system.deps.app.name, group, partition })
  const second = system.start()
  await system.settled(second)
  await second.stop()
  expect(await system.read('payments.rekeyed')).toHaveLength(2)
  expect(await ledger_of()).toEqual(['ada one', 'ada two'])
})
