import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Timer, Timers, timer_from_field, timer_id, timer_to_field } from '../../runtime/timers.ts'

const timer = fc.record({
  clock: fc.constant('stream' as const),
  due_ms: fc.nat({ max: 20 }),
  key: fc.constantFrom('a|1', 'a|2', 'b'),
  node: fc.nat({ max: 2 }),
  name: fc.constantFrom('close', 'retry'),
  cause_id: fc.constant('c|1'),
})
const order = (t: Timer) => [t.due_ms, t.key, t.node, t.name] as const
const by_order = (a: Timer, b: Timer) => {
  const [x, y] = [order(a), order(b)]
  for (let i = 0; i < x.length; i++) if (x[i] !== y[i]) return (x[i] as number) < (y[i] as number) ? -1 : 1
  return 0
}

test('fires in the order (due, key, node, name), the newest setting of a timer only', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(timer, fc.boolean()), { maxLength: 60 }), settings => {
      const timers = new Timers()
      const expected = new Map<string, Timer>()
      for (const [t, cancelled] of settings) {
        const id = timer_id(t.key, t.node, t.name)
        if (cancelled) {
          timers.delete(id)
          expected.delete(id)
        } else {
          timers.set(t)
          expected.set(id, t)
        }
      }
      const sorted = [...expected.values()].sort(by_order)
      expect(timers.due('stream', 10, 5)).toEqual(sorted.filter(t => t.due_ms <= 10).slice(0, 5))
      for (const max of [1, 5, 100]) {
        const due = timers.due('stream', 10, max)
        const keys = timers.due_keys('stream', 10, max)
        for (const { key } of due) expect(keys).toContain(key)
        if (max === 100) expect(keys.size).toBe(new Set(due.map(({ key }) => key)).size)
      }
      const fired: Timer[] = []
      for (let next = timers.peek('stream'); next; next = timers.peek('stream')) {
        fired.push(next)
        expect(timers.peek_id('stream')).toBe(timer_id(next.key, next.node, next.name))
        timers.delete(timer_id(next.key, next.node, next.name))
      }
      expect(fired).toEqual(sorted)
    }),
  )
})

test('goes through its stored field and back; a timer of an operator that is gone is dropped', () => {
  const t: Timer = { clock: 'wall', due_ms: 5, key: 'acme|x|y', node: 3, name: 'close', cause_id: 'a|b' }
  const [field, value] = timer_to_field(timer_id(t.key, t.node, t.name), t, () => 'p/op')
  expect(timer_from_field(field, value as Buffer, name => (name === 'p/op' ? 3 : undefined))).toEqual(t)
  expect(timer_from_field(field, value as Buffer, () => undefined)).toBeNull()
})
