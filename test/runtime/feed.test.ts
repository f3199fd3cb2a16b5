import { map, merge, take } from 'rxjs'
import { expect, test } from 'vitest'
import { Feed } from '../../runtime/feed.ts'

test('every subscriber gets what is pushed, in the order of subscribing, none of what came before', () => {
  const feed = new Feed<number>()
  const seen: string[] = []
  feed.push(1)
  feed.subscribe(value => seen.push(`a${value}`))
  feed.push(2)
  feed.pipe(map(value => 10 * value)).subscribe(value => seen.push(`b${value}`))
  feed.push(3)
  merge(feed, feed).subscribe(value => seen.push(`c${value}`))
  feed.push(4)
  expect(seen).toEqual(['a2', 'a3', 'b30', 'a4', 'b40', 'c4', 'c4'])
})

test('who leaves or comes during a push changes the next one', () => {
  const feed = new Feed<number>()
  const seen: string[] = []
  feed.pipe(take(1)).subscribe(value => seen.push(`once ${value}`))
  feed.subscribe(value => {
    seen.push(`first ${value}`)
    if (value === 1) feed.subscribe(later => seen.push(`later ${later}`))
  })
  const last = feed.subscribe(value => seen.push(`last ${value}`))
  feed.push(1)
  last.unsubscribe()
  feed.push(2)
  expect(seen).toEqual(['once 1', 'first 1', 'last 1', 'first 2', 'later 2'])
})

test('an error ends the stream it came up in, and no other', () => {
  const feed = new Feed<number>()
  const seen: string[] = []
  const fails = (value: number) => {
    if (value === 2) throw new Error('two')
    return value
  }
  feed
    .pipe(map(fails))
    .subscribe({ next: value => seen.push(`a${value}`), error: error => seen.push(error.message) })
  feed.subscribe(value => seen.push(`b${value}`))
  for (const value of [1, 2, 3]) feed.push(value)
  expect(seen).toEqual(['a1', 'b1', 'two', 'b2', 'b3'])
})
