import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32_of } from '../../runtime/crc32.ts'

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
