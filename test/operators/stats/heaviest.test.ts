import fc from 'fast-check'
import { expect, it } from 'vitest'
import { add_heavy, type Heavy, merge_heavy } from '../../../operators/stats/heaviest.ts'

const PLACES = 5
const heavy = (ids: readonly string[]) =>
  ids.reduce<readonly Heavy[]>((of, id) => add_heavy(of, id, PLACES), [])
const stream = fc.array(fc.constantFrom(...'aaaaaabbbbcccdefghijkl'.split('')), { maxLength: 200 })

const expect_bounds = (of: readonly Heavy[], ids: readonly string[]): void => {
  const exact = (id: string) => ids.filter(each => each === id).length
  expect(of.length).toBeLessThanOrEqual(PLACES)
  for (const { id, count, over } of of) {
    expect(count).toBeGreaterThanOrEqual(exact(id))
    expect(count - over).toBeLessThanOrEqual(exact(id))
    expect(over).toBeLessThanOrEqual(ids.length / PLACES)
  }
  for (const id of new Set(ids))
    if (exact(id) > ids.length / PLACES) expect(of.map(each => each.id)).toContain(id)
  expect(of.map(({ count }) => count)).toEqual(of.map(({ count }) => count).sort((a, b) => b - a))
}

it('never counts too low, too high by a share at most, and loses nothing heavy', () => {
  fc.assert(fc.property(stream, ids => expect_bounds(heavy(ids), ids)))
})

it('so do two parts together', () => {
  fc.assert(
    fc.property(stream, stream, (a, b) =>
      expect_bounds(merge_heavy(heavy(a), heavy(b), PLACES), [...a, ...b]),
    ),
  )
})

it('is exact while there is room, heaviest first, by name where equal', () => {
  const of = heavy(['b', 'a', 'b', 'c', 'a', 'd'])
  expect(of.map(({ id, count, over }) => [id, count, over])).toEqual([
    ['a', 2, 0],
    ['b', 2, 0],
    ['c', 1, 0],
    ['d', 1, 0],
  ])
  expect(add_heavy(of, 'd', PLACES, 7)[0]).toEqual({ id: 'd', count: 8, over: 0 })
})
