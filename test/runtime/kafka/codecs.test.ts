/** The four codecs on blocks made by hand from their formats, their caps, and bytes that are nothing at all. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { codecs, Unreadable } from '../../../runtime/kafka/codecs.ts'

const codec = (number: number) => codecs.get(number)?.decompress ?? expect.fail(`no codec ${number}`)
const [gzip, snappy, lz4, zstd] = [codec(1), codec(2), codec(3), codec(4)]
const text = async (bytes: Promise<Buffer>): Promise<string> => `${await bytes}`
const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex')

/** 'abcd' literal, a copy of 8 from 4 before (1-byte offset), of 4 from 3 before (2-byte offset), a literal. */
const block = hex('13 0c 61626364 11 04 0e 0300 08 78797a')
/** The four copies: the last three of "abcdabcdabcd" and on. */
const plain = 'abcdabcdabcdbcdbxyz'

test('snappy: a bare block, and blocks behind the header of xerial', async () => {
  expect(await text(snappy(block))).toBe(plain)
  const header = hex('82 534e4150505900 00000001 00000001')
  const size = Buffer.alloc(4)
  size.writeUInt32BE(block.length)
  expect(await text(snappy(Buffer.concat([header, size, block, size, block])))).toBe(plain + plain)
  expect(await text(snappy(header))).toBe('')
  const long = Buffer.concat([hex('ac02 f4 2b01'), Buffer.alloc(300, 'l')])
  expect(await text(snappy(long))).toBe('l'.repeat(300))
  const far = Buffer.concat([hex('b002 f4 2b01'), Buffer.alloc(300, 'l'), hex('0f 2c010000')])
  expect(await text(snappy(far))).toBe('l'.repeat(304))
})

const frame = (flags: string, ...parts: string[]): Buffer =>
  hex(`04224d18 ${flags} ${parts.join('')} 00000000`)

test('lz4: literals, overlapping copies, stored blocks, copies from the block before', async () => {
  // Token 4/4: four literals, then 8 from 4 before; the last token has literals alone.
  const first = '0a000000 44 61626364 0400 20 7879'
  expect(await text(lz4(frame('6040ff', first)))).toBe('abcdabcdabcdxy')
  expect(await text(lz4(frame('6040ff', '03000080 7a7a7a')))).toBe('zzz')
  const second = '05000000 00 0e00 10 21'
  expect(await text(lz4(frame('4040ff', first, second)))).toBe('abcdabcdabcdxyabcd!')
  const checked = `${first} ffffffff`
  expect(await text(lz4(frame('7040ff', checked)))).toBe('abcdabcdabcdxy')
  await expect(lz4(frame('6040ff', '01000000 f0'))).rejects.toThrow('cut short')
  expect(await text(lz4(frame('6840 0e00000000000000 ff', first)))).toBe('abcdabcdabcdxy')
})

test('what is too large is refused before it is there', async () => {
  const bytes = Buffer.alloc(2_000_000, 'a')
  await expect(gzip(gzipSync(bytes), 1_000_000)).rejects.toThrow('more than 1000000 bytes decompressed')
  await expect(zstd(zstdCompressSync(bytes), 1_000_000)).rejects.toThrow('more than 1000000 bytes')
  expect((await gzip(gzipSync(bytes))).length).toBe(2_000_000)
  expect((await zstd(zstdCompressSync(bytes))).length).toBe(2_000_000)
  await expect(snappy(block, 18)).rejects.toThrow('more than 18 bytes')
  await expect(snappy(hex('ffffffff0f 00 61'))).rejects.toBeInstanceOf(Unreadable)
  // 15 + 255 * 10 more literals announced by a copy of many from one before.
  const bomb = frame('6040ff', '10000000 1f 61 0100', 'ff'.repeat(10), '00', '00 00')
  await expect(lz4(bomb, 1_000)).rejects.toThrow('more than 1000 bytes')
})

test.each([
  ['gzip', gzip, gzipSync(Buffer.from(plain))],
  ['snappy', snappy, block],
  ['lz4', lz4, frame('6040ff', '0a000000 44 61626364 0400 20 7879')],
  ['zstd', zstd, zstdCompressSync(Buffer.from(plain))],
] as const)('%s: bytes cut short are Unreadable, bytes changed that or a result', async (_, read, good) => {
  const fails = async (bytes: Buffer): Promise<unknown> =>
    read(bytes, 10_000).then(
      () => null,
      error => error,
    )
  expect(await fails(good)).toBeNull()
  for (let length = 0; length < good.length; length++)
    expect(await fails(good.subarray(0, length)), `${length} bytes`).toBeInstanceOf(Unreadable)
  for (let at = 0; at < good.length; at++)
    for (const bits of [1, 0x80, 0xff]) {
      const changed = Buffer.from(good)
      changed[at] = (changed[at] as number) ^ bits
      const error = await fails(changed)
      expect(error === null || error instanceof Unreadable, `${at} ^ ${bits}: ${error}`).toBe(true)
    }
})
