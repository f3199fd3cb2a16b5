/** Slots in the order of their ids, few or many, whatever came in between. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KEPT_FROM, set_slot, slots_of } from '../../runtime/slots.ts'
import { SortedIds } from '../../runtime/sorted-ids.ts'

const empty = () => ({ slots: null as Map<string, unknown> | null, sorted: null as SortedIds | null })

test('thousands of ids stay in order whatever comes and goes, at either end and in the middle', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat({ max: 5000 })), fc.nat({ max: 2000 }), (draws, at_first) => {
      const name = (n: number) => String(n).padStart(4, '0')
      const expected = new Set(Array.from({ length: at_first }, (_, i) => name(2 * i)))
      const sorted = new SortedIds(expected)
      for (let i = 0; i < 3000; i++) {
        const one = name(draws.next().value)
        if (expected.delete(one)) sorted.delete(one)
        else {
          expected.add(one)
          sorted.add(one)
        }
      }
      const all = [...expected].sort()
      expect(sorted.from('', Number.POSITIVE_INFINITY)).toEqual(all)
      expect(sorted).toHaveLength(all.length)
      expect(sorted.from('3', 600)).toEqual(all.filter(one => one.startsWith('3')).slice(0, 600))
      for (const one of all) sorted.delete(one)
      expect(sorted.from('', 1)).toEqual([])
      sorted.add('1')
      expect(sorted.from('', 2)).toEqual(['1'])
    }),
    { numRuns: 20 },
  )
})

const id = fc.tuple(fc.nat({ max: 12 }), fc.nat({ max: 12 })).map(([a, b]) => `${a}|${b}`)
const change = fc.tuple(id, fc.option(fc.nat(), { nil: undefined }), fc.boolean())

test('all of them, and those of a prefix, are what sorting the map gives', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 400, size: 'max' }), changes => {
      const cell = empty()
      const expected = new Map<string, unknown>()
      for (const [at, value, asked] of changes) {
        set_slot(cell, at, value)
        if (value === undefined) expected.delete(at)
        else expected.set(at, value)
        if (!asked) continue
        const sorted = [...expected].sort(([a], [b]) => (a < b ? -1 : 1))
        expect(slots_of(cell, '')).toEqual(sorted)
        const prefix = at.slice(0, at.indexOf('|') + 1)
        const some = sorted.filter(([one]) => one.startsWith(prefix))
        expect(slots_of(cell, prefix)).toEqual(some)
        expect(slots_of(cell, prefix, 2)).toEqual(some.slice(0, 2))
      }
    }),
    { numRuns: 60 },
  )
})

test('the order is kept while they are many, and given up when few are left', () => {
  const cell = empty()
  const ids = Array.from({ length: KEPT_FROM }, (_, i) => String(i))
  for (const one of ids) set_slot(cell, one, 1)
  expect(cell.sorted).toBeNull()
  expect(slots_of(cell, '').map(([one]) => one)).toEqual([...ids].sort())
  expect(cell.sorted).toHaveLength(KEPT_FROM)
  for (const one of ids.slice(KEPT_FROM / 2 - 1)) set_slot(cell, one, undefined)
  expect(cell.sorted).toBeNull()
  expect(slots_of(cell, '').map(([one]) => one)).toEqual(ids.slice(0, KEPT_FROM / 2 - 1).sort())
})

test('a list that was asked for is not changed by later puts', () => {
  const cell = empty()
  for (let i = 0; i < 2 * KEPT_FROM; i++) set_slot(cell, String(1000 + i), i)
  const before = slots_of(cell, '')
  for (const [one] of before) set_slot(cell, one, undefined)
  expect(before).toHaveLength(2 * KEPT_FROM)
  expect(slots_of(cell, '')).toEqual([])
})
