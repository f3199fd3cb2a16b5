/** Every way a body can be wrong ends as its counted outcome with its original bytes, and no neighbour is harmed. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import { definitions } from '../../schemas/definitions.ts'
import type { Batch, DeadLetter, LedgerEntry } from '../../schemas/types.ts'
import { type SmallSystem, small_system } from './small-system.ts'

const T = Date.UTC(2026, 0, 5)
const pay = (event_id: string, fields: object = {}) => ({
  event_id,
  tenant_id: 'acme',
  customer_id: 'ada',
  occurred_at: T,
  type: 'payment_succeeded',
  amount_minor: 100,
  currency: 'EUR',
  ...fields,
})

let system: SmallSystem
let encode: (row: object) => Buffer
let id = 0
beforeAll(async () => {
  system = await small_system()
  id = await system.deps.registry.register('payments-value', definitions.payments)
  encode = compile_encoder(definitions.payments, id)
})
afterAll(() => system.close())

/** Where the enum's index stands in the body of pay(): behind three texts, and occurred_at of six bytes. */
const enum_at = (event_id: string) => 5 + 1 + event_id.length + 1 + 4 + 1 + 3 + body_time_bytes
const body_time_bytes = 6

test('each malformed or forbidden record is a dead letter with its bytes; the others go through', async () => {
  const good = (name: string) => encode(pay(name))
  const truncated = good('cut').subarray(0, -3)
  const trailing = Buffer.concat([good('trail'), Buffer.from([1, 2])])
  const symbol = good('sym')
  symbol.writeUInt8(126, enum_at('sym'))
  const bomb = Buffer.concat([good('bomb').subarray(0, -1), Buffer.from([0x80, 0xc8, 0xaf, 0xa0, 0x25])])
  const unknown = Buffer.from(good('unknown'))
  unknown.writeInt32BE(987654, 1)
  const strange = await system.deps.registry.register('payments-other', {
    type: 'record',
    name: 'Payment',
    namespace: 'tributary',
    fields: [{ name: 'event_id', type: 'long' }],
  })
  const wrong_type = Buffer.from([0, 0, 0, 0, strange, 2])
  const sent: (readonly [reason: string, key: string | null, value: Buffer | null])[] = [
    ['TRUNCATED_OR_TRAILING', 'acme|ada', truncated],
    ['TRUNCATED_OR_TRAILING', 'acme|ada', trailing],
    ['DECODE', 'acme|ada', symbol],
    ['BOMB', 'acme|ada', bomb],
    ['UNKNOWN_SCHEMA', 'acme|ada', unknown],
    ['SCHEMA_INCOMPATIBLE', 'acme|ada', wrong_type],
    ['BAD_MAGIC', 'acme|ada', Buffer.from('{"event_id":"json"}')],
    ['EMPTY', 'acme|ada', null],
    ['MONEY_INVALID', 'acme|ada', encode(pay('negative', { amount_minor: -1 }))],
    ['MONEY_INVALID', 'acme|ada', encode(pay('currency', { currency: 'XYZ' }))],
    ['INVALID', 'acme|ada', encode(pay(''))],
    ['FUTURE_TIME', 'acme|ada', encode(pay('future', { occurred_at: Date.UTC(2200, 0) }))],
  ]
  await system.send('payments', [pay('before')])
  for (const [, key, value] of sent) {
    await system.send_bytes('payments', key, value)
    await system.send('payments', [pay(`after ${sent.findIndex(s => s[2] === value)}`)])
  }
  await system.send('payments', [pay('before', { amount_minor: 101 })])
  const worker = system.start()
  await system.settled(worker)
  await worker.stop()

  const letters = (await system.read<DeadLetter>('dead_letters')).filter(
    letter => letter.reason !== 'CONFLICT',
  )
  expect(letters.map(letter => letter.reason).sort()).toEqual(sent.map(([reason]) => reason).sort())
  for (const [reason, key, value] of sent) {
    const bytes = letters
      .filter(letter => letter.reason === reason)
      .map(letter => letter.value && Buffer.from(letter.value))
    expect(bytes).toContainEqual(value)
    if (key === null) expect(letters.find(letter => letter.reason === reason)?.key).toBeNull()
  }
  const ledger = await system.read<LedgerEntry>('ledger')
  expect(ledger.map(row => row.event_id).sort()).toEqual(
    ['before', ...sent.map((_, i) => `after ${i}`)].sort(),
  )
  expect(
    (await system.read<DeadLetter>('dead_letters')).filter(letter => letter.reason === 'CONFLICT'),
  ).toHaveLength(1)

  const batches = (await system.read<Batch>('batch_log.customer')).filter(batch => batch.kind === 'batch')
  const read = batches.flatMap(batch => batch.ranges).reduce((sum, range) => sum + range.count, 0)
  const judged = batches.reduce(
    (sum, { outcomes }) => sum + Object.values(outcomes).reduce((a, b) => a + b),
    0,
  )
  expect(judged).toBe(read)
  expect(read).toBe(2 * sent.length + 2)
})
