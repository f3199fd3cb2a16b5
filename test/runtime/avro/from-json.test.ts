/** Events as people send them: what becomes a row, and which field is named when it does not. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FieldError, row_from_csv, row_from_json } from '../../../runtime/avro/from-json.ts'
import { avro_body, conversation, decode_all, definitions, of_field, touchpoint } from './samples.ts'

const { touchpoints, conversations, payments } = definitions

/** `field: reason` of the refusal, or the value. */
const refusal = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (error) {
    if (error instanceof FieldError) return `${error.field}: ${error.reason}`
    throw error
  }
}
const least = {
  event_id: 'e',
  tenant_id: 't',
  anonymous_id: 'a',
  occurred_at: '2026-01-31T12:00:00Z',
  channel: 'email',
  interaction: 'view',
  currency: 'EUR',
}
const filled = {
  ...least,
  customer_id: null,
  session_id: null,
  occurred_at: Date.UTC(2026, 0, 31, 12),
  campaign: null,
  content_id: null,
  funnel_step: null,
  product_id: null,
  device: null,
  country: null,
  cost_minor: 0,
  properties: {},
}

describe('JSON', () => {
  it('fills defaults in and takes instants as text', () => {
    expect(row_from_json(touchpoints, least)).toEqual(filled)
  })
  it('gives the row that the decoder gives of the same event', () => {
    for (const [schema, row] of [
      [touchpoints, touchpoint],
      [conversations, conversation],
    ] as const) {
      const made = row_from_json(schema, JSON.parse(JSON.stringify(row)))
      expect(made).toEqual(row)
      expect(decode_all(schema, avro_body(schema, made))).toEqual(row)
    }
  })
  it.each([
    ['no object', [], ': must be an object'],
    ['nothing', null, ': must be an object'],
    ['an unknown field', { ...least, chanel: 'x' }, 'chanel: is not a field of the schema'],
    ['a field named __proto__', JSON.parse('{"__proto__": 1}'), '__proto__: is not a field of the schema'],
    ['a missing field', { ...least, channel: undefined }, 'channel: is missing'],
    ['null', { ...least, channel: null }, 'channel: must be a string'],
    ['a number for text', { ...least, channel: 5 }, 'channel: must be a string'],
    ['text for a number', { ...least, cost_minor: '5' }, /^cost_minor: must be an integer/],
    ['a fraction', { ...least, cost_minor: 0.5 }, /^cost_minor: must be an integer/],
    ['a long beyond 2^53', { ...least, cost_minor: 2 ** 53 }, /^cost_minor: must be an integer/],
    ['negative money', { ...least, cost_minor: -1 }, 'cost_minor: is below 0: -1'],
    ['an unknown currency', { ...least, currency: 'XXQ' }, 'currency: is not a currency: "XXQ"'],
    ['an empty id', { ...least, event_id: '' }, 'event_id: is empty'],
    ['a pipe in the tenant', { ...least, tenant_id: 'a|b' }, "tenant_id: has a '|'"],
    ['a tilde', { ...least, customer_id: '~a' }, "customer_id: starts with '~'"],
    ['a control character', { ...least, event_id: 'a\nb' }, 'event_id: has a control character'],
    ['nobody', { ...least, anonymous_id: null }, /^customer_id: is null: at least one of customer_id and/],
    ['half a surrogate pair', { ...least, campaign: 'a\ud800' }, 'campaign: is not well-formed Unicode'],
    [
      'a time without zone',
      { ...least, occurred_at: '2026-01-31T12:00:00' },
      /^occurred_at: must be integer mill/,
    ],
    ['a time with a fraction', { ...least, occurred_at: 1.5 }, /^occurred_at: must be integer milliseconds/],
    ['no map', { ...least, properties: [] }, 'properties: must be an object of strings'],
    ['a map of numbers', { ...least, properties: { a: 1 } }, 'properties.a: must be a string'],
  ])('refuses %s', (_, value, expected) => {
    const result = refusal(() => row_from_json(touchpoints, value))
    if (expected instanceof RegExp) expect(result).toMatch(expected)
    else expect(result).toBe(expected)
  })
  it.each([
    ['a wrong symbol', { ...conversation, type: 'spoke' }, /^type: must be one of started, message/],
    ['a sentiment of 2', { ...conversation, sentiment: 2 }, /^sentiment: is above 1: 2/],
    ['a nested text', { ...conversation, context: { borough: 1 } }, /^context\.borough: must be a string/],
    [
      'a nested rule',
      { ...conversation, context: { bill_amount_minor: -1 } },
      /^context\.bill_amount_minor: is below 0/,
    ],
    ['a nested unknown field', { ...conversation, context: { x: 1 } }, /^context\.x: is not a field/],
    [
      'a word for a boolean',
      { ...conversation, technical_question: 'yes' },
      /^technical_question: must be true or/,
    ],
  ])('refuses %s', (_, value, expected) => {
    expect(refusal(() => row_from_json(conversations, value))).toMatch(expected)
  })
  it.each([
    ['int', 2 ** 31, 'x: must be an integer of 32 bits'],
    ['double', Number.POSITIVE_INFINITY, 'x: must be a number'],
    ['double', 1.5, 1.5],
    ['long', -0, 0],
    ['bytes', '!', 'x: must be base64'],
    ['bytes', 'AQI=', Buffer.from([1, 2])],
    [{ type: 'array', items: 'long' }, 1, 'x: must be an array'],
    [{ type: 'array', items: 'long' }, [1, 'a'], /^x\[1\]: must be an integer/],
    [{ type: 'array', items: of_field('long', {}, 'Item') }, [{ x: 1 }, {}], 'x[1].x: is missing'],
    [['null', 'long'], null, null],
  ])('%j of %j', (type, value, expected) => {
    const result = refusal(() => row_from_json(of_field(type), { x: value }).x)
    if (expected instanceof RegExp) expect(result).toMatch(expected)
    else expect(result).toEqual(expected)
  })
  it('keeps a map entry named __proto__ an entry', () => {
    const { properties } = row_from_json(touchpoints, {
      ...least,
      properties: JSON.parse('{"__proto__":"v"}'),
    })
    expect(Object.entries(properties as object)).toEqual([['__proto__', 'v']])
  })
  it('answers any JSON with a row or a FieldError', () => {
    const values = fc.oneof(
      fc.json().map(json => JSON.parse(json) as unknown),
      fc.object({ key: fc.constantFrom(...Object.keys(filled)) }),
    )
    fc.assert(
      fc.property(values, value => {
        const result = refusal(() => row_from_json(touchpoints, { ...least, ...(value as object) }))
        if (typeof result !== 'string') avro_body(touchpoints, result as object)
      }),
      { numRuns: 300 },
    )
  })
})

describe('CSV', () => {
  it('takes empty cells as absent and dotted columns as entries', () => {
    const cells = {
      ...least,
      customer_id: '',
      cost_minor: '12',
      'properties.page': '/',
      'properties.a.b': 'c',
      'properties.none': '',
    }
    expect(row_from_csv(touchpoints, cells)).toEqual({
      ...filled,
      cost_minor: 12,
      properties: { page: '/', 'a.b': 'c' },
    })
  })
  it('takes nested records, booleans, decimals and milliseconds', () => {
    const row = row_from_csv(conversations, {
      event_id: 'e-2',
      tenant_id: 'acme',
      customer_id: 'c-1',
      conversation_id: 'k-1',
      occurred_at: '1790000000123',
      type: 'objection',
      role: 'lead',
      text: 'too dear',
      sentiment: '-0.5',
      technical_question: 'TRUE',
      'context.homeowner_verified': 'false',
      'context.bill_amount_minor': '12000',
      'context.borough': 'Queens',
      'context.zip_code': '',
      'context.attributes.roof': 'flat',
    })
    expect(row).toEqual(conversation)
  })
  it('gives a record of empty cells its defaults', () => {
    const cells = {
      event_id: 'e',
      tenant_id: 't',
      customer_id: 'c',
      conversation_id: 'k',
      occurred_at: '1',
      type: 'ended',
    }
    expect(row_from_csv(conversations, { ...cells, 'context.borough': '' }).context).toEqual({
      ...conversation.context,
      homeowner_verified: null,
      bill_amount_minor: null,
      borough: null,
      attributes: {},
    })
    expect(row_from_csv(conversations, cells).context).toMatchObject({ borough: null, attributes: {} })
  })
  it('leaves a nullable record of empty cells absent', () => {
    const schema = of_field(['null', of_field('long', {}, 'Item')], { default: null })
    expect(row_from_csv(schema, { 'x.x': '' })).toEqual({ x: null })
    expect(row_from_csv(schema, { 'x.x': '5' })).toEqual({ x: { x: 5 } })
  })
  it('takes JSON in one cell', () => {
    expect(row_from_csv(of_field({ type: 'array', items: 'long' }), { x: '[1,2]' })).toEqual({ x: [1, 2] })
    expect(row_from_csv(touchpoints, { ...least, properties: '{"a":"b"}' }).properties).toEqual({ a: 'b' })
  })
  it.each([
    ['an unknown column', { ...least, extra: '' }, 'extra: is not a field of the schema'],
    ['a dot where no map is', { ...least, 'channel.x': 'a' }, 'channel.x: is not a field of the schema'],
    ['a map entry without name', { ...least, 'properties.': 'a' }, 'properties.: needs a key behind the dot'],
    ['an empty needed cell', { ...least, channel: '' }, 'channel: is missing'],
    ['words for a number', { ...least, cost_minor: 'a lot' }, 'cost_minor: must be an integer: "a lot"'],
    ['a decimal for minor units', { ...least, cost_minor: '1.50' }, 'cost_minor: must be an integer: "1.50"'],
    [
      'too many digits',
      { ...least, cost_minor: '9007199254740993' },
      /^cost_minor: must be an integer within/,
    ],
    ['negative money', { ...least, cost_minor: '-1' }, 'cost_minor: is below 0: -1'],
    ['no instant', { ...least, occurred_at: 'today' }, /^occurred_at: must be integer milliseconds or/],
    ['a map that is no JSON', { ...least, properties: '{' }, 'properties: must be JSON: "{"'],
    ['a map given twice', { ...least, properties: '{"a":"b"}', 'properties.a': 'c' }, /given by two columns/],
  ])('refuses %s', (_, cells, expected) => {
    const result = refusal(() => row_from_csv(touchpoints, cells))
    if (expected instanceof RegExp) expect(result).toMatch(expected)
    else expect(result).toBe(expected)
  })
  it('names a nested column whole', () => {
    expect(refusal(() => row_from_csv(conversations, { 'context.nope': '' }))).toBe(
      'context.nope: is not a field of the schema',
    )
    expect(refusal(() => row_from_csv(conversations, { 'context.comparing_offers': 'maybe' }))).toBe(
      'context.comparing_offers: must be true or false: "maybe"',
    )
    expect(refusal(() => row_from_csv(payments, { quantity: '1e3' }))).toBe(
      'quantity: must be an integer: "1e3"',
    )
  })
})
