/** Schemas, rows and damage nobody thought of: what avsc writes comes back, and damage never does worse than Refused. */
import avsc from 'avsc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compile_decoder, Refused } from '../../../runtime/avro/decoder.ts'
import { avro_body, conversation, definitions, field_names, touchpoint } from './samples.ts'

/** A type with an arbitrary of its values. */
interface Case {
  readonly type: unknown
  readonly value: fc.Arbitrary<unknown>
}

const text = fc
  .oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'grapheme', maxLength: 20 }))
  .filter(s => s.isWellFormed())
// avsc does not write ±(2^53 − 1).
const most = fc.maxSafeInteger().filter(value => Math.abs(value) < Number.MAX_SAFE_INTEGER)
const long = fc.oneof(most, fc.integer({ min: -200, max: 200 }))
const leaf: fc.Arbitrary<Case> = fc.constantFrom(
  { type: 'long', value: long },
  { type: { type: 'long', logicalType: 'timestamp-millis' }, value: long },
  { type: 'int', value: fc.integer() },
  { type: 'double', value: fc.double() },
  { type: 'float', value: fc.float() },
  { type: 'boolean', value: fc.boolean() },
  { type: 'string', value: text },
  { type: 'bytes', value: fc.uint8Array({ maxLength: 9 }).map(bytes => Buffer.from(bytes)) },
  {
    type: { type: 'map', values: 'string' },
    value: fc.dictionary(
      text.filter(key => key !== '__proto__'),
      text,
      { maxKeys: 4 },
    ),
  },
)

let names = 0
const symbols = fc.uniqueArray(fc.stringMatching(/^[A-Z]{1,3}$/), { minLength: 1, maxLength: 70 })
const enumeration = symbols.map(
  (list): Case => ({
    type: { type: 'enum', name: `E${names++}`, symbols: list },
    value: fc.constantFrom(...list),
  }),
)
const record_of = (fields: readonly Case[]): Case => ({
  type: {
    type: 'record',
    name: `R${names++}`,
    fields: fields.map(({ type }, i) => ({ name: `f${i}`, type })),
  },
  value: fc.record(Object.fromEntries(fields.map(({ value }, i) => [`f${i}`, value]))),
})
const nullable = ({ type, value }: Case, first: boolean): Case => ({
  type: first ? ['null', type] : [type, 'null'],
  value: fc.option(value),
})
const { any } = fc.letrec<{ any: Case }>(tie => ({
  any: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    enumeration,
    fc.tuple(fc.oneof(leaf, enumeration), fc.boolean()).map(([inner, first]) => nullable(inner, first)),
    fc.array(tie('any'), { maxLength: 4 }).map(record_of),
    tie('any').map(
      ({ type, value }): Case => ({
        type: { type: 'array', items: type },
        value: fc.array(value, { maxLength: 5 }),
      }),
    ),
  ),
}))
const sample = fc
  .array(any, { minLength: 1, maxLength: 5 })
  .map(record_of)
  .chain(({ type, value }) =>
    fc.record({ schema: fc.constant(type as object), row: value as fc.Arbitrary<object> }),
  )
  .chain(({ schema, row }) =>
    fc.record({
      schema: fc.constant(schema),
      row: fc.constant(row),
      fields: fc.subarray((schema as { fields: { name: string }[] }).fields.map(field => field.name)),
    }),
  )

/** avsc builds rows of its own classes, only the values are compared; and not its longs beyond 2^52, which are inexact. */
const plain = (value: unknown): unknown => {
  if (Number.isInteger(value) && Math.abs(value as number) >= 2 ** 52) return 'beyond avsc'
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
}

const read_by_avsc = (type: avsc.Type, body: Buffer): unknown => {
  try {
    return plain(type.fromBuffer(body))
  } catch (error) {
    if (String(error).includes('precision loss')) return 'beyond avsc'
    throw error
  }
}

describe('random schemas and rows', () => {
  it('come back as avsc reads them, whatever is projected', () => {
    fc.assert(
      fc.property(sample, ({ schema, row, fields }) => {
        const type = avsc.Type.forSchema(schema as avsc.Schema)
        const body = type.toBuffer(row)
        const expected = plain(type.fromBuffer(body)) as Record<string, unknown>
        const decoded = compile_decoder(schema, schema, fields)(body, 0)
        expect(plain(decoded)).toStrictEqual(Object.fromEntries(fields.map(name => [name, expected[name]])))
      }),
      { numRuns: 300 },
    )
  })
  it('are refused when cut anywhere', () => {
    fc.assert(
      fc.property(sample, ({ schema, row, fields }) => {
        const body = avro_body(schema, row)
        const decode = compile_decoder(schema, schema, fields)
        for (let cut = 0; cut < Math.min(body.length, 200); cut++)
          expect(() => decode(body.subarray(0, cut), 0)).toThrow(Refused)
      }),
      { numRuns: 60 },
    )
  })
  it('damaged in one byte are read like avsc reads them or refused', () => {
    fc.assert(
      fc.property(sample, fc.nat(), fc.integer({ min: 1, max: 255 }), ({ schema, row }, at, flip) => {
        const type = avsc.Type.forSchema(schema as avsc.Schema)
        const body = type.toBuffer(row)
        if (body.length === 0) return
        body[at % body.length]! ^= flip
        let decoded: unknown
        try {
          decoded = compile_decoder(schema, schema, field_names(schema as never))(body, 0)
        } catch (error) {
          expect(error).toBeInstanceOf(Refused)
          return
        }
        const expected = read_by_avsc(type, body)
        if (expected !== 'beyond avsc') expect(plain(decoded)).toStrictEqual(expected)
      }),
      { numRuns: 400 },
    )
  })
})

describe.each([
  ['touchpoints', definitions.touchpoints, touchpoint],
  ['conversations', definitions.conversations, conversation],
])('a body of %s', (_, schema, row) => {
  const body = avro_body(schema, row)
  const all = compile_decoder(schema, schema, field_names(schema))
  const none = compile_decoder(schema, schema, [])
  const outcome = (work: () => unknown): 'taken' | 'refused' => {
    try {
      work()
      return 'taken'
    } catch (error) {
      expect(error).toBeInstanceOf(Refused)
      return 'refused'
    }
  }
  it('is refused when cut at any byte', () => {
    for (let cut = 0; cut < body.length; cut++) {
      expect(outcome(() => all(body.subarray(0, cut), 0))).toBe('refused')
      expect(outcome(() => none(body.subarray(0, cut), 0))).toBe('refused')
    }
  })
  it('changed in any one byte to any other is taken or refused, never worse', () => {
    const valid = avsc.Type.forSchema(schema as unknown as avsc.Schema)
    const seen = { taken: 0, refused: 0 }
    for (let at = 0; at < body.length; at++)
      for (let flip = 1; flip < 256; flip++) {
        const damaged = Buffer.from(body)
        damaged[at]! ^= flip
        const result = outcome(() => {
          const decoded = all(damaged, 0)
          if (flip % 16 === 1) expect(valid.isValid(decoded)).toBe(true)
        })
        seen[result]++
        // Only UTF-8 of skipped texts is not looked at: what is taken whole is taken in part.
        if (result === 'taken') expect(outcome(() => none(damaged, 0))).toBe('taken')
      }
    expect(seen.taken).toBeGreaterThan(1000)
    expect(seen.refused).toBeGreaterThan(1000)
  })
})
