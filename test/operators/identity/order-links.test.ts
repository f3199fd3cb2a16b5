import { expect, test } from 'vitest'
import { owner_at, place_of, with_one_less } from '../../../operators/identity/order-links.ts'

const link = (customer_id: string, linked_ms: number, event_id = 'e') => ({
  event_id,
  customer_id,
  linked_ms,
})
const links = [link('ada', 10), link('bo', 20), link('bo', 30), link('cy', 40)]

test('an instant is the next link’s, after the last one its', () => {
  expect([0, 10, 11, 30, 31, 99].map(at => owner_at(links, at))).toEqual([
    'ada',
    'ada',
    'bo',
    'bo',
    'cy',
    'cy',
  ])
  expect(owner_at([], 0)).toBeNull()
})

test('a link has one place: by time, then event_id, then customer', () => {
  expect(place_of(link('bo', 20), links)).toBe(1)
  expect(place_of(link('al', 20), links)).toBe(1)
  expect(place_of(link('al', 20, 'f'), links)).toBe(2)
  expect(place_of(link('zoe', 99), links)).toBe(4)
})

test('the link given up is one that its successor repeats, else the oldest', () => {
  expect(with_one_less(links)).toEqual([links[0], links[2], links[3]])
  expect(with_one_less([links[0]!, links[1]!])).toEqual([links[1]])
})
