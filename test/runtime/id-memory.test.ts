import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IdMemory } from '../../runtime/id-memory.ts'

const event = fc.record({ id: fc.nat({ max: 400 }), body: fc.nat({ max: 2 }) })

test('knows exactly what a map of first bodies knows, over snapshots too', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 1500 }), events => {
      let memory = new IdMemory(Number.POSITIVE_INFINITY)
      const first = new Map<number, number>()
      const stored = new Map<number, Buffer>()
      events.forEach(({ id, body }, i) => {
        const name = `event-${id}`
        const known = first.get(id)
        expect(memory.check(name, body, 0)).toBe(
          known === undefined ? 'new' : known === body ? 'duplicate' : 'conflict',
        )
        if (known === undefined) {
          first.set(id, body)
          const bucket = memory.add(name, body, 0)
          stored.set(bucket, Buffer.from(memory.snapshot(bucket).bytes))
        }
        if (i % 97 === 0) {
          memory = new IdMemory(Number.POSITIVE_INFINITY)
          for (const [bucket, bytes] of stored) memory.load(bucket, bytes)
        }
      })
    }),
    { numRuns: 30 },
  )
})

test('a snapshot stays as it was, whatever is added later', () => {
  const memory = new IdMemory(Number.POSITIVE_INFINITY)
  const before = new Map<number, string>()
  const snapshots = new Map<number, Buffer>()
  for (let i = 0; i < 100; i++) {
    const bucket = memory.add(`first ${i}`, i, 0)
    snapshots.set(bucket, memory.snapshot(bucket).bytes)
    before.set(bucket, memory.snapshot(bucket).bytes.toString('hex'))
  }
  for (let i = 0; i < 5000; i++) memory.add(`second ${i}`, i, 0)
  for (const [bucket, bytes] of snapshots) expect(bytes.toString('hex')).toBe(before.get(bucket))
})

test('forgets after keep_ms of stream time, and expired ids leave the buckets as they grow', () => {
  const memory = new IdMemory(10_000)
  memory.add('a', 1, 100_000)
  expect(memory.check('a', 1, 109_000)).toBe('duplicate')
  expect(memory.check('a', 2, 111_500)).toBe('new')
  for (let i = 0; i < 20_000; i++) memory.add(`id ${i}`, 1, 200_000 + i * 100)
  let bytes = 0
  for (let bucket = 0; bucket < 16; bucket++) bytes += memory.snapshot(bucket).bytes.length
  expect(bytes / 16).toBeLessThan(2000)
})
