import { expect, test } from 'vitest'
import { StreamTime } from '../../runtime/stream-time.ts'

test('of emitters: the largest event time, never going back', () => {
  const time = new StreamTime(true, new Map())
  time.see(10)
  time.see(5)
  expect(time.now_ms).toBe(10)
  time.to(8)
  expect(time.now_ms).toBe(10)
  time.to(20)
  time.see(15)
  expect(time.now_ms).toBe(20)
})

test('of our own tasks: the least, unheard ones waited for, idle ones excepted', () => {
  const time = new StreamTime(false, new Map([['movements', 3]]))
  time.hear('movements', { task: 0, stream_time_ms: 100 })
  time.hear('movements', { task: 1, stream_time_ms: 50 })
  expect(time.now_ms).toBe(Number.NEGATIVE_INFINITY)
  time.hear('movements', { task: 2, stream_time_ms: null })
  expect(time.now_ms).toBe(50)
  expect(time.upstream_idle).toBe(false)
  time.hear('movements', { task: 1, stream_time_ms: null })
  expect(time.now_ms).toBe(100)
  time.hear('movements', { task: 2, stream_time_ms: 70 })
  expect(time.now_ms).toBe(100)
})

test('where both write: our own tasks while one has something to read, then what emitters say', () => {
  const time = new StreamTime(true, new Map([['movements', 2]]))
  time.hear('movements', { task: 0, stream_time_ms: 100 })
  time.see(900)
  expect(time.now_ms, 'one has not been heard').toBe(Number.NEGATIVE_INFINITY)
  time.hear('movements', { task: 1, stream_time_ms: 50 })
  expect(time.now_ms, 'no emitter hurries it').toBe(50)
  time.hear('movements', { task: 1, stream_time_ms: null })
  expect(time.now_ms, 'nor holds it up').toBe(100)
  time.hear('movements', { task: 0, stream_time_ms: null })
  expect(time.now_ms).toBe(900)
  time.see(950)
  expect(time.now_ms).toBe(950)
})

test('while history is loaded an idle task is waited for too', () => {
  const time = new StreamTime(false, new Map([['movements', 2]]))
  time.hear('movements', { task: 0, stream_time_ms: null })
  time.hear('movements', { task: 1, stream_time_ms: null })
  time.wait_for_idle = true
  time.hear('movements', { task: 0, stream_time_ms: 100 })
  expect(time.now_ms).toBe(Number.NEGATIVE_INFINITY)
  time.hear('movements', { task: 1, stream_time_ms: 40 })
  expect(time.now_ms).toBe(40)
})

test('goes through a checkpoint', () => {
  const time = new StreamTime(false, new Map([['movements', 2]]))
  time.hear('movements', { task: 0, stream_time_ms: 100 })
  const again = new StreamTime(false, new Map([['movements', 2]]))
  again.restore(JSON.parse(JSON.stringify(time.save())))
  again.hear('movements', { task: 1, stream_time_ms: 90 })
  expect(again.now_ms).toBe(90)
})
