/** Varints and texts from bytes; varints held against arithmetic with bigints, as avsc's are inexact beyond 2^52. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cursor, put_entry, read_long, read_text, read_varint } from '../../../runtime/avro/cursor.ts'
import { refusal } from './samples.ts'

const varint = (value: number): Buffer => {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n))
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}

describe('reading', () => {
  it('gives every safe integer and the position behind it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer()), fc.nat(3), (value, before) => {
        const body = Buffer.concat([Buffer.alloc(before, 0xff), varint(value), Buffer.from([1])])
        expect(read_long(body, before, body.length, 'x')).toBe(value)
        expect(cursor.at).toBe(body.length - 1)
      }),
    )
  })
  it('gives huge varints as huge numbers, which are no longs', () => {
    const most = Buffer.from([254, 255, 255, 255, 255, 255, 255, 255, 255, 1])
    expect(read_varint(most, 0, 10, 'x')).toBe(2 ** 63)
    expect(refusal(() => read_long(most, 0, 10, 'x'))).toBe('RANGE: x is beyond ±(2^53 − 1)')
  })
  it('gives texts of every kind', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).filter(s => s.isWellFormed()),
        text => {
          const bytes = Buffer.from(text)
          expect(read_text(bytes, 0, bytes.length, 'x')).toBe(text)
        },
      ),
    )
    for (const text of [
      '\ufeffa',
      '\ufffd',
      'a'.repeat(24),
      'a'.repeat(25),
      `${'a'.repeat(30)}é`,
      '\u007f\u0080',
    ])
      expect(read_text(Buffer.from(text), 0, Buffer.byteLength(text), 'x')).toBe(text)
    expect(refusal(() => read_text(Buffer.from([97, 0xed, 0xa0, 0x80]), 0, 4, 'x'))).toBe(
      'DECODE: x is not UTF-8',
    )
  })
  it('puts entries under any name', () => {
    const map: Record<string, string> = {}
    for (const key of ['a', '__proto__', 'constructor']) put_entry(map, key, key)
    expect(Object.keys(map)).toEqual(['a', '__proto__', 'constructor'])
  })
})
