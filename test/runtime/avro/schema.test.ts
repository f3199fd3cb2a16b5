/** Which schemas of strangers are read, and that a small one cannot stand for a huge one. */
import { describe, expect, it } from 'vitest'
import { parse_reader, parse_writer } from '../../../runtime/avro/schema.ts'
import { definitions, of_field, refusal } from './samples.ts'

const record = (name: string, ...types: unknown[]) => ({
  type: 'record',
  name,
  fields: types.map((type, i) => ({ name: `f${i}`, type })),
})
const chain = (depth: number): unknown => (depth === 0 ? 'long' : record(`R${depth}`, chain(depth - 1)))

describe('schemas', () => {
  it.each(Object.entries(definitions))('%s is supported', (_, schema) => {
    expect(parse_reader(schema).fields.map(field => field.name)).toEqual(
      schema.fields.map(field => field.name),
    )
    expect(parse_reader(schema)).toBe(parse_reader(schema))
  })
  it('are refused unless the top level is a record', () => {
    expect(refusal(() => parse_writer({ type: 'string' }))).toBe(
      'SCHEMA_INCOMPATIBLE: the top level must be a record',
    )
    expect(refusal(() => parse_writer([]))).toMatch(/^SCHEMA_INCOMPATIBLE/)
  })
  it.each([
    ['a decimal', { type: 'bytes', logicalType: 'decimal', precision: 9 }, /logical type "decimal" of bytes/],
    ['microseconds', { type: 'long', logicalType: 'timestamp-micros' }, /logical type "timestamp-micros"/],
    ['fixed', { type: 'fixed', name: 'F', size: 4 }, /type "fixed" is not supported/],
    ['null alone', 'null', /type "null"/],
    ['three branches', ['null', 'long', 'string'], /of unions only/],
    ['two values', ['int', 'string'], /of unions only/],
    ['two nulls', ['null', 'null'], /type "null"/],
    ['a union in a union', ['null', ['null', 'long']], /union inside a union/],
    ['a map of numbers', { type: 'map', values: 'long' }, /only maps of string/],
    ['an unknown name', 'Other', /type "Other"/],
    ['no type', {}, /type missing/],
    ['an enum of nothing', { type: 'enum', name: 'E', symbols: [] }, /list of symbols/],
    ['an enum symbol twice', { type: 'enum', name: 'E', symbols: ['A', 'A'] }, /listed twice/],
    ['an enum symbol that is code', { type: 'enum', name: 'E', symbols: ['"];x'] }, /list of symbols/],
    ['a record without fields', { type: 'record', name: 'R' }, /needs fields/],
    ['a record without name', { type: 'record', fields: [] }, /nothing is not a type name/],
    ['a type defined twice', record('A', record('B'), record('B')), /B is defined twice/],
    ['itself', 'T', /T contains itself/],
    ['a record within itself', record('A', { type: 'array', items: 'A' }), /A contains itself/],
  ])('with %s are refused by the name of the place', (_, type, why) => {
    const result = refusal(() => parse_writer(of_field(type)))
    expect(result).toMatch(/^SCHEMA_INCOMPATIBLE: x/)
    expect(result).toMatch(why)
  })
  it.each(['a-b', '', '__proto__', 'x; process.exit()'])('with a field named %j are refused', name => {
    const schema = { type: 'record', name: 'R', fields: [{ name, type: 'long' }] }
    expect(refusal(() => parse_writer(schema))).toBe('SCHEMA_INCOMPATIBLE: a field needs a name')
  })
  it('with a field twice are refused', () => {
    const field = { name: 'a', type: 'long' }
    expect(refusal(() => parse_writer({ type: 'record', name: 'R', fields: [field, field] }))).toMatch(
      /a: .*twice/,
    )
  })
  it('reuse named types, with and without namespaces', () => {
    const colour = { type: 'enum', name: 'Colour', namespace: 'a.b', symbols: ['RED'] }
    const point = { ...record('a.b.Point', colour, 'Colour', 'a.b.Colour'), namespace: 'ignored' }
    const { fields } = parse_writer(record('Top', point, 'a.b.Point', { type: 'array', items: 'a.b.Colour' }))
    expect(fields[1]?.node).toBe(fields[0]?.node)
    expect(fields[2]?.node).toMatchObject({ items: { kind: 'enum', symbols: ['RED'] } })
  })
  it('are bounded in depth', () => {
    expect(parse_writer(chain(31) as object).kind).toBe('record')
    expect(refusal(() => parse_writer(chain(32) as object))).toMatch(/nested deeper than 32/)
    let inner: unknown = 'long'
    for (let i = 0; i < 50_000; i++) inner = { type: 'array', items: inner }
    expect(refusal(() => parse_writer(of_field(inner)))).toMatch(/nested deeper than 32/)
  })
  it('are bounded after expansion', () => {
    const doubling = Array.from({ length: 30 }, (_, i) =>
      record(`D${i}`, i ? `D${i - 1}` : 'long', i ? `D${i - 1}` : 'long'),
    )
    expect(refusal(() => parse_writer(record('Top', ...doubling)))).toMatch(/more than 5000 fields/)
    expect(refusal(() => parse_writer(record('Top', ...Array(5001).fill('long'))))).toMatch(
      /more than 5000 fields/,
    )
  })
  it('of strangers carry no rules of ours', () => {
    const odd = of_field('string', { format: 'uuid', minimum: 'x' })
    expect(parse_writer(odd).fields[0]?.rules).toBeNull()
    expect(() => parse_reader(odd)).toThrow('format "uuid" is unknown')
  })
  it('give fresh defaults, and none where the default does not fit', () => {
    const value = (type: unknown, json: unknown) =>
      parse_reader(of_field(type, { default: json })).fields[0]?.default_value
    const inner = {
      type: 'record',
      name: 'I',
      fields: [
        { name: 'a', type: 'long' },
        { name: 'b', type: 'long', default: 2 },
      ],
    }
    expect(value(inner, { a: 1 })?.()).toEqual({ a: 1, b: 2 })
    expect(value(inner, {})).toBeUndefined()
    expect(value({ type: 'array', items: 'string' }, ['a'])?.()).toEqual(['a'])
    expect(value('bytes', '\u00ff')?.()).toEqual(Buffer.from([255]))
    expect(value(['null', 'long'], null)?.()).toBeNull()
    expect(value(['long', 'null'], 4)?.()).toBe(4)
    for (const type of ['long', 'string', 'boolean', 'double', { type: 'map', values: 'string' }])
      expect(value(type, null)).toBeUndefined()
    expect(value({ type: 'enum', name: 'E', symbols: ['A'] }, 'B')).toBeUndefined()
    const map = value({ type: 'map', values: 'string' }, { a: 'b' })
    expect(map?.()).not.toBe(map?.())
  })
})
