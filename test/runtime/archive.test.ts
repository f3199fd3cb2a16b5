/** Archives of the log: what goes in comes out, offsets and ids translated. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { SchemaEntry } from '../../runtime/archive/manifest.ts'
import { NOBODY } from '../../runtime/archive/translate.ts'
import { compile_encoder } from '../../runtime/avro/encoder.ts'
import { acquisition, chain_crc, read_batch } from '../../runtime/batch-log.ts'
import { body_reader } from '../../runtime/bodies.ts'
import { crc_of } from '../../runtime/intake.ts'
import type { Output } from '../../runtime/ports.ts'
import { definitions } from '../../schemas/definitions.ts'
import {
  backup,
  body,
  bytes,
  dir,
  installation,
  noise,
  restore,
  shown,
  write_archive,
} from './archive-installation.ts'

describe('a round trip', () => {
  it('keeps every byte, what travels beside it, and nulls; over several blocks', async () => {
    const source = await installation('source')
    const outputs: Output[] = [
      { topic: 'payments', partition: 1, key: null, value: bytes('not Avro') },
      { topic: 'payments', partition: 1, key: bytes(''), value: null },
      {
        topic: 'movements',
        partition: 0,
        key: bytes('k'),
        value: null,
        upstream: { task: 3, stream_time_ms: null },
      },
      {
        topic: 'movements',
        partition: 0,
        key: null,
        value: bytes(''),
        upstream: { task: 1, stream_time_ms: -5.5 },
      },
      {
        topic: 'payments.rekeyed',
        partition: 0,
        key: bytes('t|ü'),
        value: bytes('x'),
        redrive: { pipeline: 'a', dead_letter_id: 'timer:x' },
      },
    ]
    for (let i = 0; i < 30; i++)
      outputs.push({ topic: 'touchpoints', partition: 0, key: null, value: noise(100_000, i) })
    await source.append(outputs)
    expect(await backup(source)).toBe(outputs.length)
    const target = await installation('target')
    expect(await restore(target)).toBe(outputs.length)
    for (const [topic, partition] of [
      ['payments', 1],
      ['movements', 0],
      ['payments.rekeyed', 0],
      ['touchpoints', 0],
      ['catalog', 0],
    ] as const)
      expect(shown(await target.read(topic, partition)), topic).toEqual(
        shown(await source.read(topic, partition)),
      )
  })

  it('gives bodies the ids of the new registry, dead letters and what they hold too', async () => {
    const source = await installation('source')
    const target = await installation('target')
    // The new registry has given ids away before.
    await target.registry.register('others-value', { type: 'record', name: 'Other', fields: [] })
    const old = await source.registry.register('payments-value', definitions.payments)
    const letters = await source.registry.register('dead_letters-value', definitions.dead_letters)
    const encode = compile_encoder(definitions.dead_letters, letters)
    const value = body(old, 'whatever it says')
    const letter = { ...LETTER, event_id: 'payments:0:0', offset: 0, schema_id: old, value }
    await source.append([
      { topic: 'payments', partition: 0, key: null, value },
      { topic: 'payments', partition: 0, key: null, value: body(99, 'an id of nobody') },
      { topic: 'payments', partition: 0, key: null, value: body(old, '') },
      { topic: 'dead_letters', partition: 0, key: null, value: encode(letter) },
    ])
    await backup(source)
    await restore(target)
    const now = await target.registry.register('payments-value', definitions.payments)
    expect(now).not.toBe(old)
    const values = (await target.read('payments', 0)).map(record => record.value)
    // Five bytes are no id and a body. An unknown id must not come to name a schema.
    expect(values).toEqual([body(now, 'whatever it says'), body(NOBODY, 'an id of nobody'), body(old, '')])
    const [dead] = await target.read('dead_letters', 0)
    const row = await body_reader(target.registry)(dead?.value as Buffer)
    expect(row).toEqual({ ...letter, schema_id: now, value: values[0] })
  })
})

const LETTER = {
  tenant_id: 't',
  occurred_at: 5,
  reason: 'CONFLICT',
  detail: '',
  topic: 'payments',
  partition: 0,
  pipeline: null,
  key: null,
}

describe('an append that fails', () => {
  const values = ['a', 'b', 'c', 'd'].map((text, offset) => ({ offset, key: null, value: bytes(text) }))
  /** Fails so many times, each time after some of the records are written. */
  const failing = async (times: number, written: number) => {
    write_archive(join(dir, 'archive'), { payments: values })
    const target = await installation('target')
    let left = times
    const append = async (outputs: readonly Output[]) => {
      if (left-- <= 0) return target.log.append(outputs)
      await target.log.append(outputs.slice(0, written))
      throw new Error('no leader')
    }
    return { ...target, log: { ...target.log, append } }
  }

  it.each([0, 1, 4])('is gone on with behind the %i records that arrived', async written => {
    const target = await failing(written === 0 ? 19 : 1, written)
    await restore(target)
    expect(await target.read('payments', 0)).toEqual(values)
  })

  it('is told when it fails for ever', async () => {
    await expect(restore(await failing(20, 0))).rejects.toThrow('no leader')
  })

  it('ends the restore when somebody else writes', async () => {
    const target = await failing(0, 0)
    const append = async (outputs: readonly Output[]) => {
      await target.append([{ topic: 'payments', partition: 0, key: null, value: null }])
      return target.log.append(outputs)
    }
    await expect(restore({ ...target, log: { ...target.log, append } })).rejects.toThrow(
      /record 0 was given offset 1: somebody else writes/,
    )
  })
})

describe('schemas that do not fit their topic', () => {
  const schema = (id: number, of: object) => ({ topic: 'payments', id, schema: of }) as unknown as SchemaEntry
  const other = { type: 'record', name: 'Other', fields: [{ name: 'x', type: 'long' }] }
  const payments = [3, 4, 5].map((id, offset) => ({ offset, key: null, value: body(id, 'x') }))
  const schemas = [schema(3, definitions.payments), schema(4, other), schema(5, { type: 'JSON' })]

  it('keep a subject of their own; what is no schema at all names none', async () => {
    write_archive(join(dir, 'archive'), { payments }, schemas)
    const target = await installation('target')
    await restore(target)
    const ids = (await target.read('payments', 0)).map(({ value }) => value?.readInt32BE(1) as number)
    expect(await target.registry.schema(ids[0] as number)).toEqual(definitions.payments)
    expect(await target.registry.schema(ids[1] as number)).toEqual(other)
    expect(ids[2]).toBe(NOBODY)
  })

  it('are no reason to go on without a registry', async () => {
    write_archive(join(dir, 'archive'), { payments }, schemas)
    const target = await installation('target')
    const down = {
      ...target.registry,
      register: () => Promise.reject(new Error('down')),
      health: async () => 'down',
    }
    await expect(restore({ ...target, registry: down })).rejects.toThrow('down')
    expect(await target.log.partitions('payments')).toBeUndefined()
  })
})

describe('a log with gaps', () => {
  it('becomes dense: ranges, CRCs, left-out offsets, catalog offsets and dead letters follow', async () => {
    const archive = join(dir, 'archive')
    const payments = [10, 12, 13, 17].map(offset => ({ offset, key: null, value: body(7, `at ${offset}`) }))
    const crc = (records: typeof payments, at: (i: number) => number) =>
      records.reduce((chain, { value }, i) => chain_crc(chain, at(i), crc_of(value)), 0)
    const [first, second] = [payments.slice(0, 3), payments.slice(3)]
    const acquired = acquisition({
      key_group: 'customer',
      partition: 0,
      nonce: 'n1',
      wall_at: 1,
      code: 'c',
    })
    const batch = (records: typeof payments, seq: number, left_out: number[]) => ({
      ...acquired,
      kind: 'batch' as const,
      log_id: 'n1',
      seq,
      catalog_offset: 6,
      ranges: [
        {
          topic: 'payments',
          from: records[0]?.offset as number,
          to: (records.at(-1)?.offset as number) + 1,
          count: records.length,
          crc: crc(records, i => records[i]?.offset as number),
        },
      ],
      left_out: left_out.map(offset => ({ topic: 'payments', offset, outcome: 'refused', pipelines: [] })),
    })
    const encode_batch = compile_encoder(definitions.batch_log, 1)
    const encode_letter = compile_encoder(definitions.dead_letters, 2)
    const letter = {
      ...LETTER,
      event_id: 'payments:0:13:revenue-ledger',
      offset: 13,
      schema_id: null,
      value: null,
    }
    const schema = (topic: string, id: number, of: object) =>
      ({ topic, id, schema: of }) as unknown as SchemaEntry
    write_archive(
      archive,
      {
        payments,
        'payments.rekeyed': [
          {
            offset: 3,
            key: null,
            value: bytes('again'),
            redrive: { pipeline: 'p', dead_letter_id: letter.event_id },
          },
        ],
        catalog: [2, 4, 9].map(offset => ({ offset, key: null, value: bytes('entry') })),
        dead_letters: [{ offset: 1, key: null, value: encode_letter(letter) }],
        'batch_log.customer': [acquired, batch(first, 1, [12]), batch(second, 2, [])].map((row, i) => ({
          offset: 2 * i,
          key: null,
          value: encode_batch(row),
        })),
      },
      [
        schema('batch_log.customer', 1, definitions.batch_log),
        schema('dead_letters', 2, definitions.dead_letters),
      ],
    )
    const target = await installation('target')
    await restore(target)
    const batches = (await target.read('batch_log.customer', 0)).map(({ value }) =>
      read_batch(value as Buffer),
    )
    const [start, one, two] = batches
    expect(start?.nonce).toMatch(/^[0-9a-f]{32}$/)
    expect(batches.map(row => [row.log_id, row.nonce])).toEqual([
      ['', start?.nonce],
      [start?.nonce, start?.nonce],
      [start?.nonce, start?.nonce],
    ])
    expect(one?.ranges).toEqual([{ topic: 'payments', from: 0, to: 3, count: 3, crc: crc(first, i => i) }])
    expect(two?.ranges).toEqual([{ topic: 'payments', from: 3, to: 4, count: 1, crc: crc(second, () => 3) }])
    expect(one?.left_out.map(({ offset }) => offset)).toEqual([1])
    expect(batches.map(row => row.catalog_offset)).toEqual([0, 2, 2])
    const [dead] = await target.read('dead_letters', 0)
    const row = await body_reader(target.registry)(dead?.value as Buffer)
    expect([row.event_id, row.offset]).toEqual(['payments:0:2:revenue-ledger', 2])
    const [again] = await target.read('payments.rekeyed', 0)
    expect(again?.redrive?.dead_letter_id).toBe('payments:0:2:revenue-ledger')
  })

  it('is refused where a batch says something else than the archive holds', async () => {
    const encode = compile_encoder(definitions.batch_log, 1)
    const acquired = acquisition({ key_group: 'customer', partition: 0, nonce: 'n', wall_at: 1, code: 'c' })
    const ranges = [{ topic: 'payments', from: 0, to: 1, count: 1, crc: 1 }]
    write_archive(
      join(dir, 'archive'),
      {
        payments: [{ offset: 0, key: null, value: bytes('body') }],
        'batch_log.customer': [
          { offset: 0, key: null, value: encode({ ...acquired, kind: 'batch', seq: 1, ranges }) },
        ],
      },
      [{ topic: 'batch_log.customer', id: 1, schema: definitions.batch_log }],
    )
    await expect(restore(await installation('target'))).rejects.toThrow(
      /batch_log.customer says that payments\/0 held 1 records from 0 to 1; the archive holds others/,
    )
  })
})
