/** Who gets which partition: balance, stickiness, and nobody while a partition is still held. */
import { expect, test } from 'vitest'
import {
  assign_partitions,
  type Claim,
  parse_claim,
  refused_by_all,
} from '../../../runtime/kafka/assigner.ts'
import { AssignerProtocol } from '../../../runtime/kafka/kafkajs.ts'

const claim = (member: string, holds: number[] = [], generation = 1): Claim => ({ member, generation, holds })
const assigned = (claims: Claim[], partitions: number) =>
  Object.fromEntries(assign_partitions(claims, partitions))

test('a first member gets everything', () => {
  expect(assigned([claim('a', [], -1)], 3)).toEqual({ a: [0, 1, 2] })
})

test('members that hold nothing share evenly', () => {
  expect(assigned([claim('b'), claim('a')], 5)).toEqual({ a: [0, 1, 2], b: [3, 4] })
})

test('what moves is first given up, then handed on', () => {
  const joining = [claim('a', [0, 1, 2, 3]), claim('b', [], -1)]
  expect(assigned(joining, 4)).toEqual({ a: [0, 1], b: [] })
  expect(assigned([claim('a', [0, 1], 2), claim('b', [], 2)], 4)).toEqual({ a: [0, 1], b: [2, 3] })
})

test('while a partition is still held the next round gives it to nobody else', () => {
  expect(assigned([claim('a', [0, 1, 2], 2), claim('b', [], 2)], 4)).toEqual({ a: [0, 1], b: [3] })
})

test('a member that leaves is inherited from, the others keep theirs', () => {
  expect(assigned([claim('b', [1, 4]), claim('c', [2, 5])], 6)).toEqual({ b: [0, 1, 4], c: [2, 3, 5] })
})

test('the larger share stays with who has it', () => {
  expect(assigned([claim('a', [0]), claim('b', [1, 2])], 3)).toEqual({ a: [0], b: [1, 2] })
})

test('of two claims the newer generation holds', () => {
  expect(assigned([claim('a', [0, 1], 7), claim('b', [0, 1], 5)], 2)).toEqual({ a: [0], b: [] })
})

test('more members than partitions: some get nothing', () => {
  expect(assigned([claim('a'), claim('b'), claim('c')], 2)).toEqual({ a: [0], b: [1], c: [] })
})

test('claims on partitions that are not the group’s count for nothing', () => {
  expect(assigned([claim('a', [-1, 9, 1.5, 0])], 2)).toEqual({ a: [0, 1] })
})

test('from any history, rounds end balanced, with every partition worked once and never by two', () => {
  let seed = 42
  const random = (n: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * n)
  }
  for (let run = 0; run < 300; run++) {
    const partitions = 1 + random(16)
    const names = Array.from({ length: 1 + random(6) }, (_, i) => `m${i}`)
    const holds = new Map(names.map(name => [name, [] as number[]]))
    for (let partition = 0; partition < partitions; partition++)
      if (random(4) > 0) holds.get(names[random(names.length)]!)!.push(partition)
    let kept = 0
    for (let round = 0; round < 3; round++) {
      const before = new Map([...holds].map(([name, mine]) => [name, [...mine]]))
      const target = assign_partitions(
        names.map(name => claim(name, before.get(name), round)),
        partitions,
      )
      for (const [name, mine] of target)
        for (const other of names)
          if (other !== name)
            expect(mine.filter(partition => before.get(other)!.includes(partition))).toEqual([])
      if (round === 0)
        kept = names.reduce(
          (sum, name) => sum + before.get(name)!.filter(at => target.get(name)!.includes(at)).length,
          0,
        )
      for (const [name, mine] of target) holds.set(name, mine)
      if (round === 0) {
        const possible = names
          .map(name => before.get(name)!.length)
          .sort((a, b) => b - a)
          .reduce(
            (sum, held, i) =>
              sum +
              Math.min(held, Math.floor(partitions / names.length) + (i < partitions % names.length ? 1 : 0)),
            0,
          )
        expect(kept).toBe(possible)
      }
    }
    const sizes = [...holds.values()].map(mine => mine.length)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    expect([...holds.values()].flat().toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: partitions }, (_, i) => i),
    )
  }
})

test('what a member refuses goes to another, and the rest stays where it is', () => {
  const old = { ...claim('old', [0, 1], 3), refuses: [2, 3] }
  expect(assigned([old, claim('new', [2, 3], 3)], 4)).toEqual({ old: [0, 1], new: [2, 3] })
  const gave_up = { ...claim('old', [1], 3), refuses: [0] }
  expect(assigned([gave_up, claim('new', [2, 3], 3)], 4)).toEqual({ old: [1], new: [0, 2] })
})

test('refusals go before balance, and do not move anything again', () => {
  const old = { ...claim('old', [], 3), refuses: [0, 1, 2, 3] }
  expect(assigned([old, claim('new', [0, 1, 2, 3], 3)], 4)).toEqual({ old: [], new: [0, 1, 2, 3] })
  const half = { ...claim('old', [], 3), refuses: [0, 1, 2] }
  expect(assigned([half, claim('new', [0, 1, 2, 3], 3)], 4)).toEqual({ old: [], new: [0, 1, 2] })
  expect(assigned([half, claim('new', [0, 1, 2], 4)], 4)).toEqual({ old: [3], new: [0, 1, 2] })
})

test('a refused partition that is still held waits for its holder', () => {
  const holder = { ...claim('a', [0], 3), refuses: [0] }
  expect(assigned([holder, claim('b', [], 3)], 1)).toEqual({ a: [], b: [] })
  expect(assigned([{ ...holder, holds: [] }, claim('b', [], 3)], 1)).toEqual({ a: [], b: [0] })
})

test('what all refuse nobody works, and it is told', () => {
  const claims = ['a', 'b'].map(member => ({ ...claim(member), refuses: member === 'a' ? [0, 1] : [1, 2] }))
  expect(assigned(claims, 3)).toEqual({ a: [2], b: [0] })
  expect(refused_by_all(claims, 3)).toEqual([1])
  expect(refused_by_all([claim('a')], 3)).toEqual([])
})

test('claims of members that know no refusals are read, and nonsense counts for nothing', () => {
  const metadata = (said: unknown) =>
    AssignerProtocol.MemberMetadata.encode({
      version: 1,
      topics: ['t'],
      userData: Buffer.from(said === undefined ? '' : JSON.stringify(said)),
    })
  const read = (said: unknown) => parse_claim('m', metadata(said))
  expect(read({ generation: 4, holds: [1] })).toEqual({ ...claim('m', [1], 4), refuses: [] })
  expect(read({ generation: 4, holds: [1], refuses: [2, 'x'] })).toEqual({
    ...claim('m', [1], 4),
    refuses: [2],
  })
  expect(read({ holds: 7, refuses: 'all' })).toEqual({ ...claim('m', [], -1), refuses: [] })
  expect(read(undefined)).toEqual({ ...claim('m', [], -1), refuses: [] })
})
