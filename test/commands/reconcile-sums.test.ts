/** Reconcile finds a planted cent wherever it is, and names the event. */
import { describe, expect, it } from 'vitest'
import {
  differing_cells,
  first_difference,
  type Place,
  type Places,
  read_places,
  to_follow,
} from '../../commands/reconcile-sums.ts'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import { acquisition } from '../../runtime/batch-log.ts'
import { partition_of } from '../../runtime/keys.ts'
import type { Fields } from '../../runtime/ports.ts'
import { StateCodec, slot_field_of } from '../../runtime/state-fields.ts'
import { definitions } from '../../schemas/definitions.ts'
import type { Batch, DeadLetter, LedgerEntry } from '../../schemas/types.ts'
import { memory_deps, memory_store, payment } from '../server/memory-ports.ts'

const DAY = Math.floor(1_700_000_000_000 / 86_400_000)
const PARTITION = partition_of(Buffer.from('acme|c1'), 2)
const CELL = 'acme|USD|2023-11-14'

interface Plant {
  /** Ledger rows by cause and amount; the state's and the view's sums. */
  ledger?: readonly (readonly [cause: string, amount: number])[]
  state?: number
  view?: number
  left_out?: Batch['left_out']
  dead?: { offset: number; pipeline: string }
}

/** e1 +10.00, e2 +5.00, e3 −2.00: net 13.00; and a payment that moves nothing. */
const plant = async (over: Plant = {}): Promise<Places> => {
  const deps = await memory_deps()
  const rows = [
    payment({ event_id: 'e1', amount_minor: 1000 }),
    payment({ event_id: 'e2', amount_minor: 500 }),
    payment({ event_id: 'e3', amount_minor: 200, type: 'refunded' }),
    payment({ event_id: 'e4', amount_minor: 900, type: 'payment_failed' }),
    payment({ event_id: 'not-judged-yet', amount_minor: 7 }),
  ]
  await deps.emitter.append(
    'payments',
    rows.map(row => deps.emitter.check('payments', row)),
  )
  const put = async (topic: string, schema: keyof typeof definitions, values: readonly object[]) => {
    const encode = compile_encoder(
      definitions[schema],
      await deps.registry.register(`${topic}-value`, definitions[schema]),
    )
    await deps.log.append(
      values.map(value => ({ topic, partition: PARTITION, key: null, value: encode(value) })),
    )
  }
  const range = { topic: 'payments', from: 0, to: 4, count: 4, crc: 0 }
  const opening = acquisition({
    key_group: 'customer',
    partition: PARTITION,
    nonce: 'n',
    wall_at: 1,
    code: '',
  })
  const batch: Batch = { ...opening, kind: 'batch', seq: 1, ranges: [range], left_out: over.left_out ?? [] }
  await put('batch_log.customer', 'batch_log', [opening, batch])
  const ledger = (
    over.ledger ?? [
      ['e1', 1000],
      ['e2', 500],
      ['e3', -200],
    ]
  ).map(
    ([cause, amount]): LedgerEntry => ({
      event_id: `l-${cause}`,
      tenant_id: 'acme',
      customer_id: 'c1',
      occurred_at: 1_700_000_000_000,
      type: amount < 0 ? 'refunded' : 'payment_succeeded',
      amount_minor: amount,
      currency: 'USD',
      cause_event_id: cause,
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
    }),
  )
  await put('ledger', 'ledger', ledger)
  if (over.dead) {
    const dead: DeadLetter = {
      event_id: 'd',
      tenant_id: 'acme',
      occurred_at: 1,
      reason: 'X',
      detail: '',
      topic: 'payments',
      partition: PARTITION,
      offset: over.dead.offset,
      pipeline: over.dead.pipeline,
      schema_id: null,
      key: null,
      value: null,
    }
    await put('dead_letters', 'dead_letters', [dead])
  }
  const codec = new StateCodec<unknown>(1, { schema: 'state/revenue_day', init: () => null }, definitions)
  const day = codec.encode({ gross_minor: 200 + (over.state ?? 1300), refunds_minor: 200, payments: 2 })
  const fields: Fields = new Map([[slot_field_of('revenue-ledger/post-ledger', `USD|${DAY}`), day]])
  const store = memory_store()
  return {
    ...deps,
    store: {
      ...store,
      scan: async function* (task) {
        if (task.partition === PARTITION) yield ['acme|c1', fields]
      },
    },
    warehouse: {
      query: async <T>(sql: string) =>
        (sql.includes('revenue_daily')
          ? [{ tenant_id: 'acme', day: '2023-11-14', currency: 'USD', net_minor: over.view ?? 1300 }]
          : ledger.map(row => ({ ...row, event_id: row.cause_event_id }))) as T[],
    },
  }
}
const examine = async (over: Plant) => {
  const places = await plant(over)
  const reading = await read_places(places)
  const sum = (place: Place) => reading.sums[place].get(CELL)
  return { cells: differing_cells(reading), sum, why: () => first_difference(places, CELL) }
}

const PLANTS: [string, Plant, string][] = [
  [
    'a lost ledger row',
    {
      ledger: [
        ['e1', 1000],
        ['e3', -200],
      ],
    },
    'event e2 of customer c1: the log has 500 minor units in 1 rows, the ledger topic has nothing',
  ],
  [
    'a doubled ledger row',
    {
      ledger: [
        ['e1', 1000],
        ['e2', 500],
        ['e2', 500],
        ['e3', -200],
      ],
    },
    'event e2',
  ],
  [
    'one cent',
    {
      ledger: [
        ['e1', 1000],
        ['e2', 499],
        ['e3', -200],
      ],
    },
    'event e2',
  ],
  [
    'errors that cancel out in the sum',
    {
      ledger: [
        ['e1', 1000],
        ['e2', 300],
      ],
    },
    'event e2',
  ],
  [
    'an invented row',
    {
      ledger: [
        ['e1', 1000],
        ['e2', 500],
        ['e3', -200],
        ['ghost', 5],
      ],
    },
    'event ghost',
  ],
  [
    'a state that is off',
    { state: 1301 },
    'customer c1 (last event e3): the ledger has 1300 minor units, the state 1301',
  ],
  ['a view that is off', { view: 1299 }, 'only the view differs'],
  [
    'a left out record in the ledger',
    { left_out: [{ topic: 'payments', offset: 1, outcome: 'duplicate', pipelines: [] }] },
    'event e2',
  ],
  [
    'a record that the ledger refused',
    { left_out: [{ topic: 'payments', offset: 1, outcome: 'failed', pipelines: ['revenue-ledger'] }] },
    'event e2',
  ],
]

describe('reconcile', () => {
  it('is content when all four agree, and leaves unjudged records out', async () => {
    const { cells, sum } = await examine({})
    expect(cells).toEqual([])
    expect([sum('log'), sum('ledger'), sum('state'), sum('view')]).toEqual([1300, 1300, 1300, 1300])
  })

  it.each(PLANTS)('finds %s', async (_, over, told) => {
    const { cells, why } = await examine(over)
    expect(cells).toEqual([CELL])
    expect(await why()).toContain(told)
  })

  it('counts a record that failed in another pipeline only', async () => {
    const left_out = [{ topic: 'payments', offset: 1, outcome: 'failed', pipelines: ['journey-sessions'] }]
    expect((await examine({ left_out })).cells).toEqual([])
  })
})

it('says which checkpoint and which rows are still to follow what stood in the log', async () => {
  const planted = await plant()
  let seq = 0
  let inserted = 0
  const header = { log_id: 'n', digest: 0, nonce: 'n', code: '', task: '' }
  const left = await to_follow({
    ...planted,
    store: {
      ...planted.store,
      header: async ({ partition }) => (partition === PARTITION && seq > 0 ? { ...header, seq } : null),
    },
    warehouse: { query: async <T>() => [{ partition: PARTITION, newest: inserted }] as T[] },
  })
  expect(await left()).toBe(`task customer/${PARTITION} has batches to be checkpointed`)
  seq = 1
  expect(await left()).toBe(`rows of ledger/${PARTITION} are to be inserted`)
  inserted = 2
  expect(await left()).toBeNull()
})
