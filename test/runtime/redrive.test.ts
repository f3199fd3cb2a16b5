/** Which dead letters can be sent in again, and where to. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tributary } from '../../runtime/app.ts'
import { partition_of } from '../../runtime/keys.ts'
import { redriven, SINK_REJECTED, visit_dead_letters } from '../../runtime/redrive.ts'
import { definitions } from '../../schemas/definitions.ts'
import type { DeadLetter, LedgerEntry } from '../../schemas/types.ts'
import { payment, type SmallSystem, small_system } from './small-system.ts'

const app = tributary(8)
const letter = (over: Partial<DeadLetter>): DeadLetter => ({
  event_id: 'payments:3:17:revenue-ledger',
  tenant_id: 'acme',
  occurred_at: 0,
  reason: 'OPERATOR_ERROR',
  detail: '',
  topic: 'payments',
  partition: 3,
  offset: 17,
  pipeline: 'revenue-ledger',
  schema_id: 1,
  key: Buffer.from('acme|ada'),
  value: Buffer.from('body'),
  ...over,
})
const partition = partition_of(Buffer.from('acme|ada'), 8)

describe('a dead letter goes', () => {
  test('to the pipeline that failed, through the sister topic, under its own id', () => {
    expect(redriven(app, letter({}))).toEqual({
      topic: 'payments.rekeyed',
      partition,
      key: Buffer.from('acme|ada'),
      value: Buffer.from('body'),
      redrive: { pipeline: 'revenue-ledger', dead_letter_id: 'payments:3:17:revenue-ledger' },
    })
  })
  test('to no pipeline where only the warehouse had refused it', () => {
    const row = redriven(app, letter({ reason: SINK_REJECTED, pipeline: null }))
    expect(row).toMatchObject({ topic: 'payments.rekeyed', redrive: { pipeline: '' } })
  })
  test('in as if its emitter had sent it again where nobody has seen it, by its key, else where it was', () => {
    const unseen = { reason: 'UNKNOWN_SCHEMA', pipeline: null, topic: 'payments.rekeyed' }
    expect(redriven(app, letter(unseen))).toEqual({
      topic: 'payments',
      partition,
      key: Buffer.from('acme|ada'),
      value: Buffer.from('body'),
    })
    expect(redriven(app, letter({ ...unseen, key: null }))).toMatchObject({ partition: 3, key: null })
  })
  test.each([
    ['a timer', { topic: '', offset: -1, value: null }, 'timer'],
    ['an empty record', { value: null }, 'without a body'],
    ["a row of our own tasks'", { topic: 'ledger', reason: SINK_REJECTED, pipeline: null }, 'our own tasks'],
    ['an entry of the catalog for a pipeline', { topic: 'catalog' }, 'no sister topic'],
  ])('nowhere: %s', (_, over, why) => {
    expect(redriven(app, letter(over))).toContain(why)
  })
})

describe('on a log', () => {
  let system: SmallSystem
  beforeAll(async () => {
    system = await small_system()
  })
  afterAll(() => system.close())

  const run = async () => {
    const worker = system.start()
    await system.settled(worker)
    await worker.stop()
  }

  test('a record whose schema comes to be known later is judged when it is sent again, once', async () => {
    const { registry, log } = system.deps
    await system.send('payments', [payment({ event_id: 'first' })])
    await run()
    // The next id that this registry gives: a schema that nobody has registered yet.
    const next = (await registry.register('later-value', { type: 'record', name: 'Later', fields: [] })) + 1
    await system.send('payments', [payment({ event_id: 'early' })])
    const letters: DeadLetter[] = []
    const early = (await read_bytes(system)).find(value => value.includes('early')) as Buffer
    const unknown = Buffer.from(early)
    unknown.writeInt32BE(next, 1)
    unknown.write('eager', unknown.indexOf('early'))
    await system.send_bytes('payments', 'acme|ada', unknown)
    await run()
    await visit_dead_letters(system.deps, one => void letters.push(one))
    expect(letters.map(({ reason }) => reason)).toEqual(['UNKNOWN_SCHEMA'])
    const later = { ...definitions.payments, doc: 'the same, known later' }
    expect(await registry.register('payments-later', later)).toBe(next)
    const again = redriven(system.deps.app, letters[0] as DeadLetter)
    if (typeof again === 'string') throw new Error(again)
    await log.append([again, again])
    await run()
    const booked = (await system.read<LedgerEntry>('ledger')).map(row => row.cause_event_id)
    expect(booked.sort()).toEqual(['eager', 'early', 'first'])
  })
})

const read_bytes = async ({ deps }: SmallSystem): Promise<Buffer[]> => {
  const values: Buffer[] = []
  const { scan } = await import('../../runtime/scan.ts')
  for (const at of [0, 1])
    await scan(deps.log, { topic: 'payments', partition: at }, 0, ({ value }) => {
      if (value) values.push(Buffer.from(value))
    })
  return values
}
