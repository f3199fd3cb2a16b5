/** The description of the contract says what row_from_json takes. */
import { describe, expect, it } from 'vitest'
import { json_schema } from '../../../runtime/avro/json-schema.ts'
import { definitions, field_names, of_field } from './samples.ts'

describe('JSON Schema', () => {
  it('lists fields, needed ones and the choice between two', () => {
    const described = json_schema(definitions.touchpoints)
    expect(Object.keys(described.properties as object)).toEqual(field_names(definitions.touchpoints))
    expect(described).toMatchObject({
      type: 'object',
      required: ['event_id', 'tenant_id', 'occurred_at', 'channel', 'interaction', 'currency'],
      additionalProperties: false,
      anyOf: [{ required: ['customer_id'] }, { required: ['anonymous_id'] }],
      properties: {
        event_id: {
          type: 'string',
          minLength: 1,
          maxLength: 256,
          description: expect.stringContaining('identity'),
        },
        tenant_id: { pattern: '^[^|]*$' },
        customer_id: { anyOf: [{ type: 'string', pattern: '^[^~]' }, { type: 'null' }], default: null },
        occurred_at: { anyOf: [{ type: 'integer' }, { type: 'string', format: 'date-time' }] },
        cost_minor: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 },
        currency: { type: 'string', pattern: '^[A-Z]{3}$' },
        properties: { type: 'object', additionalProperties: { type: 'string' }, default: {} },
      },
    })
  })
  it.each([
    ['int', { type: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 }],
    ['double', { type: 'number' }],
    ['boolean', { type: 'boolean' }],
    ['bytes', { type: 'string', contentEncoding: 'base64' }],
    [
      { type: 'enum', name: 'E', symbols: ['A', 'B'] },
      { type: 'string', enum: ['A', 'B'] },
    ],
    [
      { type: 'array', items: ['null', 'string'] },
      { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
    ],
    [
      of_field('string', {}, 'Inner'),
      { type: 'object', required: ['x'], additionalProperties: false, properties: { x: { type: 'string' } } },
    ],
  ])('%j', (type, expected) => {
    expect(json_schema(of_field(type)).properties).toEqual({ x: expected })
  })
  it('writes a default of bytes as base64', () => {
    expect(json_schema(of_field('bytes', { default: '\u0001\u0002' })).properties).toMatchObject({
      x: { default: 'AQI=' },
    })
  })
})
