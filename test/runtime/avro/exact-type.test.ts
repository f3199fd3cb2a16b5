/** Every safe integer goes into Avro and comes back, by the specification's own bytes. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { exact_type } from '../../../runtime/avro/exact-type.ts'

const type = exact_type({ type: 'record', name: 'Sum', fields: [{ name: 'sum_minor', type: 'long' }] })

/** Zigzag varint, as the specification has it. */
const specified = (value: number): Buffer => {
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  const bytes: number[] = []
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}

it.each([
  0,
  -1,
  63,
  -64,
  64,
  2 ** 31,
  -(2 ** 31),
  2 ** 52 - 1,
  2 ** 52,
  -(2 ** 52),
  -(2 ** 52) - 1,
  -5e15,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
])('%d', sum_minor => {
  const bytes = type.toBuffer({ sum_minor })
  expect(bytes).toEqual(specified(sum_minor))
  expect(type.fromBuffer(bytes)).toEqual({ sum_minor })
})

it('any safe integer', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), sum_minor => {
      const bytes = type.toBuffer({ sum_minor })
      expect(bytes).toEqual(specified(sum_minor))
      expect((type.fromBuffer(bytes) as { sum_minor: number }).sum_minor).toBe(sum_minor)
    }),
  )
})

it('nothing else: a number that is not exact is refused', () => {
  expect(() => type.toBuffer({ sum_minor: 2 ** 53 })).toThrow()
  expect(() => type.toBuffer({ sum_minor: 0.5 })).toThrow()
})
