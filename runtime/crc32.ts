/** CRC-32 (IEEE, as zlib's) of bytes where they lie: for a hundred bytes half the time of a call out of JavaScript. */
import { crc32 } from 'node:zlib'

/** From here on zlib is faster. */
const LONG = 512

const table = (earlier: Int32Array | null): Int32Array =>
  Int32Array.from({ length: 256 }, (_, byte) => {
    if (earlier)
      return ((earlier[byte] as number) >>> 8) ^ (FIRST[(earlier[byte] as number) & 0xff] as number)
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
    return crc
  })
const FIRST = table(null)
const SECOND = table(FIRST)
const THIRD = table(SECOND)
const FOURTH = table(THIRD)

/** Four bytes at a time ("slicing by 4", Kounavis and Berry 2008). */
export const crc32_of = (bytes: Buffer, from: number, to: number): number => {
  if (to - from >= LONG) return crc32(bytes.subarray(from, to))
  let crc = -1
  let at = from
  for (; at + 3 < to; at += 4) {
    crc ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    crc =
      (FOURTH[crc & 0xff] as number) ^
      (THIRD[(crc >>> 8) & 0xff] as number) ^
      (SECOND[(crc >>> 16) & 0xff] as number) ^
      (FIRST[crc >>> 24] as number)
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ (FIRST[(crc ^ (bytes[at] as number)) & 0xff] as number)
  return (crc ^ -1) >>> 0
}
