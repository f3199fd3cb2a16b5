/** Values in the Confluent wire format, out and in. */
import avsc from 'avsc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { body_schema_id, compile_encoder, PREFIX_BYTES } from '../../../runtime/avro/encoder.ts'
import { avro_body, conversation, decode_all, definitions, of_field, refusal, touchpoint } from './samples.ts'

describe('encoder', () => {
  it('writes 0, the id and the body that avsc writes', () => {
    const value = compile_encoder(definitions.touchpoints, 258)(touchpoint)
    expect(value.subarray(0, PREFIX_BYTES)).toEqual(Buffer.from([0, 0, 0, 1, 2]))
    expect(value.subarray(PREFIX_BYTES)).toEqual(avro_body(definitions.touchpoints, touchpoint))
    expect(body_schema_id(value)).toBe(258)
  })
  it('grows for a large row and stays right for the next small one', () => {
    const encode = compile_encoder(of_field('string'), 7)
    for (const length of [10, 5000, 3, 100_000, 0]) {
      const value = encode({ x: 'ä'.repeat(length) })
      expect(body_schema_id(value)).toBe(7)
      expect(decode_all(of_field('string'), value.subarray(PREFIX_BYTES)).x).toBe('ä'.repeat(length))
    }
  })
  it('writes every safe integer exactly, in fields, unions and arrays', () => {
    const schema = {
      type: 'record',
      name: 'Longs',
      fields: [
        { name: 'plain', type: 'long' },
        { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
        { name: 'maybe', type: ['null', 'long'] },
        { name: 'more', type: { type: 'array', items: 'long' } },
      ],
    }
    const encode = compile_encoder(schema, 1)
    const edges = [2 ** 52, 2 ** 52 - 1, 2 ** 52 + 1, Number.MAX_SAFE_INTEGER, 2 ** 30, 0]
    const long = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(...edges, ...edges.map(edge => 0 - edge)))
    fc.assert(
      fc.property(long, fc.option(long), fc.array(long), (at, maybe, more) => {
        const row = { plain: at, at, maybe, more }
        expect(decode_all(schema, encode(row).subarray(PREFIX_BYTES))).toEqual(row)
      }),
      { numRuns: 300 },
    )
  })
  it('gives buffers that the next row does not overwrite', () => {
    const encode = compile_encoder(of_field('long'), 1)
    const first = encode({ x: 1 })
    encode({ x: 2 })
    expect(first).toEqual(Buffer.from([0, 0, 0, 0, 1, 2]))
  })
  it('fills defaults in', () => {
    const value = compile_encoder(of_field('long', { default: 9 }), 1)({})
    expect(decode_all(of_field('long'), value.subarray(PREFIX_BYTES))).toEqual({ x: 9 })
  })
  it.each([
    ['a wrong type', { ...touchpoint, cost_minor: '1' }, 'cost_minor is not a valid long: "1"'],
    ['a fraction', { ...touchpoint, cost_minor: 1.5 }, 'cost_minor is not a valid long: 1.5'],
    ['an unsafe long', { ...touchpoint, cost_minor: 2 ** 60 }, 'cost_minor is not a valid long'],
    ['a missing field', { ...touchpoint, event_id: undefined }, 'event_id is not a valid string: undefined'],
    ['a wrong map value', { ...touchpoint, properties: { a: 1 } }, 'properties.a is not a valid string: 1'],
    ['a bigint', { ...touchpoint, channel: 1n }, 'channel is not a valid string: 1'],
  ])('names the field of %s', (_, row, message) => {
    expect(() => compile_encoder(definitions.touchpoints, 1)(row)).toThrow(message)
  })
  it('names a nested field and goes on with the next row', () => {
    const encode = compile_encoder(definitions.conversations, 1)
    const wrong = { ...conversation, context: { ...conversation.context, zip_code: 5 } }
    expect(() => encode(wrong)).toThrow('context.zip_code is not a valid')
    expect(() => encode({ ...conversation, type: 'nope' })).toThrow('type is not a valid enum: "nope"')
    const body = encode(conversation).subarray(PREFIX_BYTES)
    expect(
      avsc.Type.forSchema(definitions.conversations as unknown as avsc.Schema).isValid(
        decode_all(definitions.conversations, body),
      ),
    ).toBe(true)
  })
})

describe('schema id of a value', () => {
  it.each([
    ['no value', null, 'EMPTY: the record has no value'],
    ['an empty value', Buffer.alloc(0), 'EMPTY: the record has no value'],
    ['half a prefix', Buffer.from([0, 0, 0, 1]), 'EMPTY: the value ends within its 5 byte prefix'],
    ['JSON', Buffer.from('{"a":1}'), 'BAD_MAGIC: the value begins with byte 123, not with 0'],
    ['a prefix alone', Buffer.from([0, 0, 1, 0, 0]), 65_536],
  ])('%s', (_, value, expected) => {
    expect(refusal(() => body_schema_id(value))).toBe(expected)
  })
})
