/** One cell, one value. */
import { describe, expect, it } from 'vitest'
import { cell_value } from '../../../runtime/avro/csv-cells.ts'
import { parse_reader } from '../../../runtime/avro/schema.ts'
import { of_field } from './samples.ts'

const value = (type: unknown, cell: string): unknown =>
  cell_value(parse_reader(of_field(type)).fields[0]!.node, cell, 'x')

describe('a cell', () => {
  it.each([
    ['long', '+7', 7],
    ['long', '007', 7],
    ['double', '-.5', -0.5],
    ['double', '1e3', 1000],
    ['boolean', 'False', false],
    ['string', ' 7 ', ' 7 '],
    [{ type: 'long', logicalType: 'timestamp-millis' }, '2026-01-31T12:00:00Z', '2026-01-31T12:00:00Z'],
    [{ type: 'map', values: 'string' }, '{"a":"b"}', { a: 'b' }],
  ])('%j from %j', (type, cell, expected) => {
    expect(value(type, cell)).toEqual(expected)
  })
  it.each([
    ['long', '1.0'],
    ['long', '0x10'],
    ['double', 'NaN'],
    ['double', '1,5'],
    ['boolean', '1'],
    [{ type: 'array', items: 'long' }, '1;2'],
  ])('%j refuses %j', (type, cell) => {
    expect(() => value(type, cell)).toThrow(/^x must be /)
  })
})
