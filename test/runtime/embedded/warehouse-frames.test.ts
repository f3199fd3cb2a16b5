/** ClickHouse's own block compression: what the endpoint makes of compress=1 and takes for decompress=1. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedWarehouse, start_embedded_warehouse } from '../../../runtime/embedded/warehouse.ts'
import { inflated_frames } from '../../../runtime/embedded/warehouse-frames.ts'

const frame = (method: number, block: Uint8Array, inside = block.length): Buffer => {
  const head = Buffer.alloc(25)
  head[16] = method
  head.writeUInt32LE(9 + block.length, 17)
  head.writeUInt32LE(inside, 21)
  return Buffer.concat([head, block])
}
const as_told = async (file: Buffer): Promise<Buffer> => file

describe('inflated_frames', () => {
  it('puts the blocks together, whatever the method of each', async () => {
    const frames = [frame(0x02, Buffer.from('one ')), frame(0x90, zstdCompressSync(Buffer.from('two')), 3)]
    expect((await inflated_frames(Buffer.concat(frames), as_told, 7)).toString()).toBe('one two')
    expect((await inflated_frames(Buffer.alloc(0), as_told, 0)).length).toBe(0)
  })

  it('hands on an LZ4 block as a file of its own', async () => {
    const block = Buffer.from([0x30, 0x61, 0x62, 0x63])
    const file = await inflated_frames(frame(0x82, block, 19), as_told, 19)
    expect(file.toString('hex')).toBe('04224d1860707304000000306162630000' + '0000')
  })

  it.each([
    ['the frame at byte 0 is cut', Buffer.from('short')],
    ['the frame at byte 28 is cut', Buffer.concat([frame(0x02, Buffer.from('abc')), Buffer.alloc(25)])],
    ['the frame at byte 0 is cut', frame(0x02, Buffer.from('abc')).subarray(0, 27)],
    ['no method is 0x77', frame(0x77, Buffer.from('abc'))],
  ])('refuses: %s', async (why, bytes) => {
    await expect(inflated_frames(bytes, as_told, 100)).rejects.toThrow(why)
  })

  it('takes no more than it is told to, and nothing from a block that lies about its length', async () => {
    const bomb = zstdCompressSync(Buffer.alloc(1 << 20))
    const two = Buffer.concat([frame(0x90, bomb, 1 << 20), frame(0x90, bomb, 1 << 20)])
    await expect(inflated_frames(two, as_told, 1 << 20)).rejects.toThrow('at most 1048576 are taken')
    await expect(inflated_frames(frame(0x90, bomb, 10), as_told, 1 << 20)).rejects.toThrow()
    await expect(inflated_frames(frame(0x90, bomb, 2 << 20), as_told, 4 << 20)).rejects.toThrow(
      'a frame that says',
    )
  })
})

describe('the endpoint', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tributary-frames-'))
  let server: EmbeddedWarehouse
  beforeAll(async () => {
    server = await start_embedded_warehouse({ dir })
  }, 60_000)
  afterAll(async () => {
    await server.stop()
    rmSync(dir, { recursive: true, force: true })
  })
  const post = async (parameters: string, body: string | Buffer) => {
    const response = await fetch(`${server.url}/?${parameters}`, {
      method: 'POST',
      body: new Uint8Array(Buffer.from(body)),
    })
    return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) }
  }
  const LONG = "SELECT number, repeat('x', number % 100) FROM numbers(60000) FORMAT TSV"

  it('compresses an answer, and reads the same as a body', async () => {
    const [plain, compressed] = [await post('', LONG), await post('compress=1', LONG)]
    expect(compressed.bytes.length).toBeLessThan(plain.bytes.length / 2)
    expect(compressed.bytes[16]).toBe(0x82)
    await post('', 'CREATE TABLE back (n UInt64, x String) ENGINE = Memory')
    const insert = await post(
      `decompress=1&query=${encodeURIComponent('INSERT INTO back FORMAT TSV')}`,
      compressed.bytes,
    )
    expect([insert.status, insert.bytes.toString()]).toEqual([200, ''])
    expect((await post('', 'SELECT * FROM back ORDER BY n FORMAT TSV')).bytes.equals(plain.bytes)).toBe(true)
  })

  it('compresses many answers at once, and leaves nothing of them', async () => {
    const asked = Array.from({ length: 20 }, (_, i) => post('compress=1&user=analyst', `SELECT ${i}`))
    const answers = await Promise.all(asked)
    expect(answers.map(({ status }) => status)).toEqual(asked.map(() => 200))
    expect(new Set(answers.map(({ bytes }) => bytes.toString('hex'))).size).toBe(20)
    const left = await post('', "SELECT count() FROM system.tables WHERE database = 'compressed_answers'")
    expect(left.bytes.toString()).toBe('0\n')
  })

  it('says an error in words, and answers nothing with nothing', async () => {
    const refused = await post('compress=1', 'SELECT * FROM nowhere')
    expect(refused.bytes.toString()).toContain('Code: 60.')
    expect((await post('compress=1', 'CREATE TABLE e (a Int8) ENGINE = Memory')).bytes.length).toBe(0)
    const wrong = await post('decompress=1', 'SELECT 1')
    expect(wrong.bytes.toString()).toContain('UNKNOWN_COMPRESSION_METHOD')
  })

  it('answers those who only look whether somebody is here', async () => {
    for (const path of ['/', '/ping', '/replicas_status'])
      for (const method of ['GET', 'HEAD']) {
        const response = await fetch(server.url + path, { method })
        expect([response.status, await response.text()]).toEqual([200, method === 'GET' ? 'Ok.\n' : ''])
      }
    const changing = `${server.url}/?query=${encodeURIComponent('CREATE TABLE h (a Int8) ENGINE = Memory')}`
    expect((await fetch(changing, { method: 'HEAD' })).status).not.toBe(200)
  })
})
