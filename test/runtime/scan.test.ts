/** Bounded reads end at what was committed when they began, and looking back finds the newest that fits. */
import { expect, it } from 'vitest'
import { newest, scan } from '../../runtime/scan.ts'
import { MemoryLog } from '../server/memory-ports.ts'

const place = { topic: 't', partition: 0 }
const filled = async (n: number) => {
  const log = new MemoryLog()
  await log.append(Array.from({ length: n }, (_, i) => ({ ...place, key: null, value: Buffer.from([i]) })))
  return log
}

it('visits from an offset to the end, not what is appended meanwhile', async () => {
  const log = await filled(10)
  const seen: number[] = []
  await scan(log, place, 4, async ({ offset }) => {
    seen.push(offset)
    await log.append([{ ...place, key: null, value: null }])
  })
  expect(seen).toEqual([4, 5, 6, 7, 8, 9])
  expect(
    await scan(await filled(0), place, 0, () => {
      throw new Error('nothing to visit')
    }),
  ).toBe(0)
})

it('finds the newest record that is wanted, however far back', async () => {
  const log = await filled(200)
  const find = (accept: (i: number) => boolean) =>
    newest(log, place, ({ offset }) => (accept(offset) ? offset : null))
  expect(await find(() => true)).toBe(199)
  expect(await find(i => i < 3)).toBe(2)
  expect(await find(() => false)).toBe(null)
})

it('goes on where it ended when more came along with the last fetch', async () => {
  const log = await filled(4)
  // Two more are appended between the look at the end and the fetch, which brings them too.
  const { bounds } = log
  log.bounds = async (topic, partition) => {
    const answer = await bounds.call(log, topic, partition)
    if (answer.end === 4) await log.append([0, 1].map(() => ({ ...place, key: null, value: null })))
    return answer
  }
  const seen: number[] = []
  const position = await scan(log, place, 0, ({ offset }) => void seen.push(offset))
  await scan(log, place, position, ({ offset }) => void seen.push(offset))
  expect(seen).toEqual([0, 1, 2, 3, 4, 5])
})
