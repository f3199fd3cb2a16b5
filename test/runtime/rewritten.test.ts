/** Which rows of a rebuild go out beside those that stand: what differs, once, however often the rebuild is run. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import type { Output } from '../../runtime/ports.ts'
import type { Emission } from '../../runtime/rebuild.ts'
import { Rewritten } from '../../runtime/rewritten.ts'
import { definitions } from '../../schemas/definitions.ts'
import type { LedgerEntry } from '../../schemas/types.ts'
import { type SmallSystem, small_system } from './small-system.ts'

let system: SmallSystem
beforeEach(async () => {
  system = await small_system()
})
afterEach(() => system.close())

const T = Date.UTC(2026, 0, 5)
const window = (revision: number, net_minor: number) => ({
  event_id: 'acme|w',
  tenant_id: 'acme',
  occurred_at: T,
  window_ms: 300_000,
  currency: 'EUR',
  channel: '',
  product_id: '',
  gross_minor: net_minor,
  refunds_minor: 0,
  net_minor,
  payments: 1,
  revision,
})
const output = async (topic: 'revenue_windows' | 'ledger', key: string, row: object): Promise<Output> => {
  const schema = definitions[topic]
  const encode = compile_encoder(schema, await system.deps.registry.register(`${topic}-value`, schema))
  return { topic, partition: 0, key: Buffer.from(key), value: encode(row) }
}
const differing = async (topic: string, rows: readonly Output[], emit: Emission = 'difference') => {
  const rewritten = new Rewritten(system.deps, [topic], emit)
  await rewritten.begin()
  rewritten.add(rows)
  return rewritten.difference()
}

test('a row goes out beyond the version that stands, and then is no difference any more', async () => {
  await system.deps.log.append([await output('revenue_windows', 'acme', window(5, 100))])
  const anew = [await output('revenue_windows', 'acme', window(2, 300))]
  const first = await differing('revenue_windows', anew)
  expect(first).toHaveLength(1)
  await system.deps.log.append(first)
  expect((await system.read<{ revision: number }>('revenue_windows')).map(row => row.revision)).toEqual([
    5, 6,
  ])
  expect(await differing('revenue_windows', anew)).toEqual([])
  expect(await differing('revenue_windows', anew, 'all')).toHaveLength(1)
})

test('a row without versions that stands as it is goes out under no circumstances: it would be added up twice', async () => {
  const entry: LedgerEntry = {
    event_id: 'p',
    tenant_id: 'acme',
    customer_id: 'ada',
    occurred_at: T,
    type: 'payment_succeeded',
    amount_minor: 100,
    currency: 'EUR',
    cause_event_id: 'p',
    payment_id: null,
    subscription_id: null,
    checkout_id: null,
    product_id: null,
    plan_id: null,
    quantity: 1,
    method: null,
    channel: null,
    campaign: null,
    content_id: null,
  }
  const row = await output('ledger', 'acme|ada', entry)
  await system.deps.log.append([row])
  expect(await differing('ledger', [row], 'all')).toEqual([])
  const other = await output('ledger', 'acme|ada', { ...entry, event_id: 'q' })
  expect(await differing('ledger', [row, other], 'all')).toEqual([other])
})
