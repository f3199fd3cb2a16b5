import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32_of, crc32c_of } from '../../runtime/crc32.ts'

test("is zlib's, of any part of any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), fc.nat(), fc.nat(), (of, a, b) => {
      const bytes = Buffer.from(of)
      const [from, to] = [a % (bytes.length + 1), b % (bytes.length + 1)].sort((x, y) => x - y) as [
        number,
        number,
      ]
      expect(crc32_of(bytes, from, to)).toBe(crc32(bytes.subarray(from, to)))
    }),
    { numRuns: 500 },
  )
})

test("Castagnoli's, of the check word and of RFC 3720's bytes", () => {
  const of = (bytes: Buffer) => crc32c_of(bytes, 0, bytes.length)
  expect(of(Buffer.from('123456789'))).toBe(0xe3069283)
  expect(of(Buffer.alloc(32))).toBe(0x8a9136aa)
  expect(of(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43)
  expect(of(Buffer.from(Array.from({ length: 32 }, (_, i) => i)))).toBe(0x46dd794e)
  expect(of(Buffer.alloc(0))).toBe(0)
})
