/** Which changes of a schema are allowed. */
import { describe, expect, it } from 'vitest'
import { incompatibility } from '../../../runtime/avro/compatibility.ts'
import { of_field } from './samples.ts'

const base = of_field('long')
const fields = (...more: object[]) => ({ ...base, fields: [...base.fields, ...more] })

describe('the next schema reads the earlier one', () => {
  it.each([
    ['unchanged', base, base],
    ['with a nullable field more', fields({ name: 'y', type: ['null', 'string'], default: null }), base],
    ['with a field less', base, fields({ name: 'y', type: 'string' })],
    ['made nullable', of_field(['null', 'long']), base],
    ['made wider', of_field('double'), base],
    ['with a symbol more', of_field(letters('A', 'B')), of_field(letters('A'))],
  ])('%s', (_, next, earlier) => {
    expect(incompatibility(next, earlier)).toBeNull()
  })
  it.each([
    ['a field more without default', fields({ name: 'y', type: 'string' }), base, /y|default/],
    ['another kind', of_field('string'), base, /string|long/],
    ['made narrower', base, of_field('double'), /long|double/],
    ['a symbol less', of_field(letters('A')), of_field(letters('A', 'B')), /cannot read "E"/],
    ['a type that we do not read', of_field('long'), of_field(['long', 'string']), /union/],
  ])('not with %s', (_, next, earlier, why) => {
    expect(incompatibility(next, earlier)).toMatch(why)
  })
})

function letters(...symbols: string[]) {
  return { type: 'enum', name: 'E', symbols }
}
