/** What bodies are taken, what is refused and why: by the schemas of this installation and by small ones. */
import { describe, expect, it } from 'vitest'
import { compile_decoder } from '../../../runtime/avro/decoder.ts'
import {
  avro_body,
  conversation,
  decode_all,
  definitions,
  field_names,
  of_field,
  refusal,
  touchpoint,
} from './samples.ts'

const { touchpoints, conversations, payments, catalog } = definitions
const one = (schema: ReturnType<typeof of_field>, body: number[]): unknown =>
  refusal(() => decode_all(schema, Buffer.from(body)).x)

describe('projection', () => {
  it('gives exactly the requested fields, in their order, whatever lies before the body', () => {
    const decode = compile_decoder(touchpoints, touchpoints, ['campaign', 'occurred_at', 'properties'])
    const value = Buffer.concat([Buffer.from([9, 9, 9]), avro_body(touchpoints, touchpoint)])
    expect(JSON.stringify(decode(value, 3))).toBe(
      '{"campaign":"früh","occurred_at":1790000000123,"properties":{"page":"/","a.b":"日本"}}',
    )
  })
  it('decodes every field of every topic as it was written', () => {
    expect(decode_all(touchpoints, avro_body(touchpoints, touchpoint))).toEqual(touchpoint)
    expect(decode_all(conversations, avro_body(conversations, conversation))).toEqual(conversation)
  })
  it('copies bytes, so that a row outlives its buffer', () => {
    const body = Buffer.from([4, 1, 2])
    const row = decode_all(of_field('bytes'), body)
    body.fill(0)
    expect(row.x).toEqual(Buffer.from([1, 2]))
  })
  it('keeps a map entry named __proto__ an entry', () => {
    const body = avro_body(of_field({ type: 'map', values: 'string' }), {
      x: JSON.parse('{"__proto__":"v"}'),
    })
    const { x } = decode_all(of_field({ type: 'map', values: 'string' }), body)
    expect(Object.entries(x as object)).toEqual([['__proto__', 'v']])
    expect(Object.getPrototypeOf(x)).toBe(Object.prototype)
  })
  it('gives an empty row for no fields and still walks the body', () => {
    const decode = compile_decoder(touchpoints, touchpoints, [])
    const body = avro_body(touchpoints, touchpoint)
    expect(decode(body, 0)).toEqual({})
    expect(refusal(() => decode(body.subarray(0, -1), 0))).toMatch(/^TRUNCATED_OR_TRAILING/)
  })
  it('refuses a field that the schema does not have', () => {
    expect(() => compile_decoder(touchpoints, touchpoints, ['nope'])).toThrow('the schema has no field nope')
  })
})

describe('malformed bodies', () => {
  it.each([
    ['a cut varint', of_field('long'), [0x80], /^TRUNCATED_OR_TRAILING: the body ends within x/],
    ['an empty body', of_field('long'), [], /^TRUNCATED_OR_TRAILING/],
    ['a byte too many', of_field('long'), [2, 0], /^TRUNCATED_OR_TRAILING: 1 bytes behind the last field/],
    ['a varint of 11 bytes', of_field('long'), [...Array(10).fill(0x80), 0], /^DECODE: .*varint/],
    ['a varint of more than 64 bits', of_field('long'), [...Array(9).fill(0x80), 2], /^DECODE: .*varint/],
    ['a long of 2^53', of_field('long'), [128, 128, 128, 128, 128, 128, 128, 32], /^RANGE: x/],
    ['a long of −2^53', of_field('long'), [255, 255, 255, 255, 255, 255, 255, 31], /^RANGE: x/],
    ['the smallest long', of_field('long'), [...Array(9).fill(0xff), 1], /^RANGE: x/],
    ['an int of 33 bits', of_field('int'), [0x80, 0x80, 0x80, 0x80, 0x10], /^RANGE: x is beyond 32 bits/],
    ['a boolean of 2', of_field('boolean'), [2], /^DECODE: x is a boolean/],
    ['a string longer than the rest', of_field('string'), [6, 65, 65], /^TRUNCATED_OR_TRAILING/],
    ['a string of 2^60 bytes', of_field('string'), [...Array(8).fill(0x80), 0x10], /^TRUNCATED_OR_TRAILING/],
    ['a negative length', of_field('string'), [1], /^DECODE: x has a negative length/],
    ['text that is not UTF-8', of_field('string'), [4, 0xc3, 0x28], /^DECODE: x is not UTF-8/],
    ['a cut double', of_field('double'), [0, 0, 0, 0, 0, 0, 0], /^TRUNCATED_OR_TRAILING/],
    ['a cut float', of_field('float'), [0, 0, 0], /^TRUNCATED_OR_TRAILING/],
    ['a union index of 2', of_field(['null', 'long']), [4, 0], /^DECODE: x has a bad union index/],
    ['a union index of −1', of_field(['null', 'long']), [1, 0], /^DECODE: x has a bad union index/],
    [
      'an enum index too far',
      of_field({ type: 'enum', name: 'E', symbols: ['A'] }),
      [2],
      /^DECODE: .*enum index/,
    ],
    [
      'a negative enum index',
      of_field({ type: 'enum', name: 'E', symbols: ['A'] }),
      [1],
      /^DECODE: .*enum index/,
    ],
    ['an array bomb', of_field({ type: 'array', items: 'long' }), [...Array(7).fill(0xfe), 0x0e], /^BOMB: x/],
    ['a map bomb', of_field({ type: 'map', values: 'string' }), [0xfe, 0xff, 0xff, 0x0f], /^BOMB: x/],
    [
      'more items than bytes',
      of_field({ type: 'array', items: 'long' }),
      [200, 1, 0],
      /^TRUNCATED_OR_TRAILING/,
    ],
    [
      'a wrong block size',
      of_field({ type: 'array', items: 'long' }),
      [1, 4, 2, 0, 0],
      /^DECODE: x has a block/,
    ],
    [
      'a negative block size',
      of_field({ type: 'array', items: 'long' }),
      [1, 1, 2, 0],
      /^DECODE: .*negative length/,
    ],
  ])('%s', (_, schema, body, expected) => {
    expect(one(schema, body)).toMatch(expected)
  })
  it.each([
    ['2^53 − 1', [254, 255, 255, 255, 255, 255, 255, 31], Number.MAX_SAFE_INTEGER],
    ['−(2^53 − 1)', [253, 255, 255, 255, 255, 255, 255, 31], Number.MIN_SAFE_INTEGER],
    ['a padded zero', [0x80, 0x80, 0], 0],
    ['2^27', [0x80, 0x80, 0x80, 0x80, 1], 2 ** 27],
  ])('takes a long of %s', (_, body, value) => {
    expect(one(of_field('long'), body)).toBe(value)
  })
  it('takes blocks with and without sizes', () => {
    const schema = of_field({ type: 'array', items: 'long' })
    expect(one(schema, [3, 4, 2, 4, 2, 6, 0])).toEqual([1, 2, 3])
  })
  it('counts items that take no bytes', () => {
    const empty = { type: 'record', name: 'Empty', fields: [] }
    const schema = of_field({ type: 'array', items: empty })
    expect(one(schema, [4, 0])).toEqual([{}, {}])
    expect(one(schema, [...Array(7).fill(0xfe), 0x0e, 0])).toMatch(/^BOMB/)
    // 3,000 blocks of 63 each
    expect(one(schema, [...Array(3000).fill(126), 0])).toMatch(/^BOMB/)
    const nested = of_field({ type: 'array', items: { type: 'array', items: empty } })
    expect(one(nested, [4, 0x80, 0x7d, 0, 0x80, 0x7d, 0, 0])).toMatch(/^BOMB/)
  })
  it('checks what is not projected', () => {
    const writer = {
      type: 'record',
      name: 'T',
      fields: [
        { name: 'kind', type: { type: 'enum', name: 'E', symbols: ['A'] } },
        { name: 'x', type: 'boolean' },
      ],
    }
    const decode = compile_decoder(writer, of_field('boolean'), [])
    expect(refusal(() => decode(Buffer.from([2, 1]), 0))).toMatch(/^DECODE: kind/)
    expect(refusal(() => decode(Buffer.from([0, 7]), 0))).toMatch(/^DECODE: x/)
  })
  it('refuses for the bytes before it refuses for a rule', () => {
    const body = avro_body(payments, { ...payment, amount_minor: -5 })
    const decode = compile_decoder(payments, payments, [])
    expect(refusal(() => decode(body, 0))).toMatch(/^MONEY_INVALID: amount_minor is below 0: -5/)
    expect(refusal(() => decode(body.subarray(0, -1), 0))).toMatch(/^TRUNCATED_OR_TRAILING/)
    expect(decode(avro_body(payments, payment), 0)).toEqual({})
  })
})

const payment = {
  event_id: 'e',
  tenant_id: 't',
  customer_id: 'c',
  occurred_at: 1,
  type: 'payment_succeeded',
  amount_minor: 5,
  currency: 'USD',
}

describe('rules hold whether projected or not', () => {
  const cases: readonly [string, object, object, RegExp | null][] = [
    ['negative money', payments, { ...payment, amount_minor: -1 }, /^MONEY_INVALID: amount_minor/],
    ['negative optional money', payments, { ...payment, mrr_minor: -1 }, /^MONEY_INVALID: mrr_minor/],
    ['unknown currency', payments, { ...payment, currency: 'EUX' }, /^MONEY_INVALID: currency/],
    ['lower case currency', payments, { ...payment, currency: 'usd' }, /^MONEY_INVALID: currency/],
    ['long currency', payments, { ...payment, currency: 'EURO' }, /^MONEY_INVALID: currency/],
    ['negative quantity', payments, { ...payment, quantity: -1 }, /^INVALID: quantity/],
    ['empty id', payments, { ...payment, event_id: '' }, /^INVALID: event_id is empty/],
    ['long id', payments, { ...payment, event_id: 'x'.repeat(257) }, /^INVALID: event_id is longer/],
    ['control character', payments, { ...payment, event_id: 'a\tb' }, /^INVALID: event_id has a control/],
    [
      'control character beyond ASCII',
      payments,
      { ...payment, event_id: 'a\u0085' },
      /^INVALID: event_id has a con/,
    ],
    ['pipe in tenant', payments, { ...payment, tenant_id: 'a|b' }, /^INVALID: tenant_id has a '\|'/],
    [
      'pipe in tenant beyond ASCII',
      payments,
      { ...payment, tenant_id: 'ä|b' },
      /^INVALID: tenant_id has a '\|'/,
    ],
    ['tilde customer', payments, { ...payment, customer_id: '~c' }, /^INVALID: customer_id starts/],
    ['pipe in customer', payments, { ...payment, customer_id: 'a|b' }, null],
    ['id of 256', payments, { ...payment, event_id: 'x'.repeat(256) }, null],
    ['id of 256 bytes beyond ASCII', payments, { ...payment, event_id: 'é'.repeat(128) }, null],
    [
      'id of more bytes than characters',
      payments,
      { ...payment, event_id: 'é'.repeat(129) },
      /^INVALID: event_id is longer than 256 bytes/,
    ],
    [
      'nobody',
      touchpoints,
      { ...touchpoint, customer_id: null, anonymous_id: null },
      /^INVALID: at least one of/,
    ],
    ['anonymous', touchpoints, { ...touchpoint, customer_id: null }, null],
    ['known', touchpoints, { ...touchpoint, anonymous_id: null }, null],
    [
      'sentiment too high',
      conversations,
      { ...conversation, sentiment: 1.01 },
      /^INVALID: sentiment is above 1/,
    ],
    ['sentiment NaN', conversations, { ...conversation, sentiment: Number.NaN }, /^INVALID: sentiment/],
    ['no sentiment', conversations, { ...conversation, sentiment: null }, null],
    [
      'nested money',
      conversations,
      { ...conversation, context: { ...conversation.context, bill_amount_minor: -1 } },
      /^MONEY_INVALID: context.bill_amount_minor/,
    ],
    ['text that is not JSON', catalog, entry('{'), /^INVALID: body is not JSON/],
    ['JSON that is no object', catalog, entry('[]'), /^INVALID: body is not a JSON object/],
    ['JSON text', catalog, entry('"null"'), /^INVALID: body is not a JSON object/],
    ['a JSON object', catalog, entry('{"a":1}'), null],
    ['null, which takes back what held', catalog, entry('null'), null],
  ]
  it.each(cases)('%s', (_, schema, row, expected) => {
    const names = field_names(schema as never)
    for (const fields of [[], names]) {
      const result = refusal(() => compile_decoder(schema, schema, fields)(avro_body(schema, row), 0))
      if (expected) expect(result).toMatch(expected)
      else expect(Object.keys(result as object)).toEqual(fields)
    }
  })
})

function entry(body: string) {
  return {
    event_id: 'e',
    tenant_id: '*',
    occurred_at: 1,
    kind: 'k',
    id: 'i',
    effective_at: 1,
    revision: 0,
    body,
  }
}

describe('schema resolution', () => {
  const read = (writer: unknown, reader: unknown, value: unknown, more: object = {}): unknown =>
    refusal(() => {
      const decode = compile_decoder(of_field(writer), of_field(reader, more), ['x'])
      return decode(avro_body(of_field(writer), { x: value }), 0).x
    })
  it.each([
    ['int', 'long', 7, 7],
    ['int', 'float', 7, 7],
    ['int', 'double', -7, -7],
    ['long', 'float', 7, 7],
    ['long', 'double', 7, 7],
    ['float', 'double', 0.5, 0.5],
    ['long', ['null', 'long'], 7, 7],
    ['int', ['null', 'double'], 7, 7],
    [['null', 'long'], 'long', 7, 7],
    [['long', 'null'], ['null', 'long'], null, null],
    [['long', 'null'], ['null', 'long'], 7, 7],
  ])('%j is read as %j', (writer, reader, value, expected) => {
    expect(read(writer, reader, value)).toBe(expected)
  })
  it.each([
    ['long', 'int', 7],
    ['double', 'long', 7],
    ['string', 'long', 'a'],
    ['string', 'bytes', 'a'],
    [{ type: 'enum', name: 'E', symbols: ['A'] }, 'string', 'A'],
    [{ type: 'map', values: 'string' }, 'string', {}],
    ['string', { type: 'array', items: 'string' }, 'a'],
    [{ type: 'array', items: 'string' }, { type: 'array', items: 'long' }, []],
  ])('%j is not read as %j', (writer, reader, value) => {
    expect(read(writer, reader, value)).toMatch(/^SCHEMA_INCOMPATIBLE: x/)
  })
  it('refuses null where the reader has no place for it', () => {
    expect(read(['null', 'long'], 'long', null)).toBe('INVALID: x is null')
  })
  it('maps enum symbols by name, to the default where there is one', () => {
    const writer = { type: 'enum', name: 'E', symbols: ['B', 'NEW', 'A'] }
    const reader = { type: 'enum', name: 'E', symbols: ['A', 'B'] }
    expect(read(writer, reader, 'A')).toBe('A')
    expect(read(writer, reader, 'B')).toBe('B')
    expect(read(writer, reader, 'NEW')).toBe('DECODE: x has an unknown symbol: NEW')
    expect(read(writer, { ...reader, default: 'A' }, 'NEW')).toBe('A')
  })
  it('walks fields it does not know and fills those it misses, fresh each time', () => {
    const writer = {
      type: 'record',
      name: 'T',
      fields: [
        { name: 'old', type: { type: 'array', items: of_field(['null', 'string'], {}, 'Old') } },
        { name: 'x', type: 'long' },
      ],
    }
    const reader = {
      type: 'record',
      name: 'T',
      fields: [
        { name: 'added', type: { type: 'map', values: 'string' }, default: { a: 'b' } },
        { name: 'x', type: 'long' },
        { name: 'none', type: ['null', 'long'], default: null },
      ],
    }
    const decode = compile_decoder(writer, reader, ['added', 'x', 'none'])
    const body = avro_body(writer, { old: [{ x: 'a' }, { x: null }], x: 5 })
    const first = decode(body, 0)
    expect(first).toEqual({ added: { a: 'b' }, x: 5, none: null })
    expect(decode(body, 0).added).not.toBe(first.added)
  })
  it('refuses at compile time what has neither value nor default, also within records', () => {
    const writer = of_field(of_field('long', {}, 'Inner'))
    const missing = { ...of_field('long', {}, 'Inner'), fields: [{ name: 'y', type: 'long' }] }
    expect(refusal(() => compile_decoder(writer, of_field(missing), []))).toBe(
      'SCHEMA_INCOMPATIBLE: x.y is missing and has no default',
    )
  })
  it('reads a renamed field by its alias, once', () => {
    const writer = { type: 'record', name: 'T', fields: [{ name: 'old', type: 'long' }] }
    expect(
      compile_decoder(writer, of_field('long', { aliases: ['old'] }), ['x'])(Buffer.from([4]), 0),
    ).toEqual({ x: 2 })
    const both = {
      type: 'record',
      name: 'T',
      fields: [
        { name: 'old', type: 'long' },
        { name: 'x', type: 'long', aliases: ['old'], default: 9 },
      ],
    }
    expect(compile_decoder(writer, both, ['old', 'x'])(Buffer.from([4]), 0)).toEqual({ old: 2, x: 9 })
  })
})
