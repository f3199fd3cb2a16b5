/** The Log contract: who works which partition, and how work goes from one owner to the next. */
import { expect, test, vi } from 'vitest'
import type { Log } from '../../../runtime/ports.ts'
import {
  type Current,
  expect_committed,
  fresh_topics,
  group_of,
  hold,
  output,
  take,
  text,
  unique,
  until,
} from './log-steps.ts'

export const group_tests = (current: Current): void => {
  test('each partition is worked once; a topic with fewer partitions joins where it has one', async () => {
    const { log } = current()
    const { a, c } = await fresh_topics(log)
    const held = hold(log, group_of([a, c]))
    await held.task(0)
    await held.task(1)
    expect(held.events.toSorted()).toEqual(['start 0', 'start 1'])
    expect(held.tasks.get(0)!.reader(c).partition).toBe(0)
    expect(() => held.tasks.get(1)!.reader(c)).toThrow()
    await held.stop()
    expect(held.events.length).toBe(4)
  })

  test('work that fails makes run reject', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    const work = async () => {
      throw new Error('work went wrong')
    }
    await expect(log.run(group_of([a]), work, new AbortController().signal)).rejects.toThrow(
      'work went wrong',
    )
  })

  test('run of a group whose topics are missing rejects', async () => {
    const { log } = current()
    const signal = new AbortController().signal
    await expect(log.run(group_of([unique('none')]), async () => {}, signal)).rejects.toThrow()
  })

  test('stopping aborts the signal, awaits the work, and the work may still commit', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    const finished: number[] = []
    const held = hold(log, group_of([a]), async task => {
      await task.commit([output(a, `last words of ${task.partition}`, task.partition)])
      finished.push(task.partition)
    })
    for (const partition of [0, 1]) await (await held.task(partition)).acquire()
    await held.stop()
    expect(finished.toSorted()).toEqual([0, 1])
    await expect_committed(log, a, ['last words of 1'], 1)
  })

  test('a group without transactions saves offsets, which the next owner reads', async () => {
    const { log } = current()
    const { a, b } = await fresh_topics(log)
    const group = group_of([a, b], false)
    const first = hold(log, group)
    const task = await first.task(1)
    expect([...(await task.committed())]).toEqual([])
    await task.save(
      new Map([
        [a, 5],
        [b, 2],
      ]),
    )
    await task.save(new Map([[a, 7]]))
    await first.stop()
    const second = hold(log, group)
    const next = await second.task(1)
    expect([...(await next.committed())].toSorted()).toEqual([
      [a, 7],
      [b, 2],
    ])
    expect([...(await second.tasks.get(0)!.committed())]).toEqual([])
    await second.stop()
  })
}

export const second_tests = (current: Current): void => {
  const partitions = 4
  const setup = async (log: Log) => {
    const base = unique('contract')
    const [input, records] = [`${base}.in`, `${base}.out`]
    await log.ensure([input, records].map(name => ({ name, partitions })))
    return { input, records, group: group_of([input, records], true, partitions) }
  }

  test('a second member takes its share; kept tasks run on, revoked ones drain before the new owner starts', async () => {
    const { log, second } = current()
    const other = await second!()
    const { input, records, group } = await setup(log)
    await log.append([0, 1, 2, 3].map(partition => output(input, `in ${partition}`, partition)))
    const drained: string[] = []
    const first = hold(log, group, async task => {
      // Time enough for a new owner that does not wait for this one to show itself.
      const overtaken = () => joined?.tasks.has(task.partition) ?? false
      await vi.waitUntil(overtaken, { timeout: 300, interval: 10 }).catch(() => {})
      await task.commit([output(records, 'drained', task.partition)])
      drained.push(`${task.partition} ${overtaken()}`)
    })
    let joined: ReturnType<typeof hold> | undefined
    for (const partition of [0, 1, 2, 3]) {
      const task = await first.task(partition)
      await task.acquire()
      task.reader(input).seek(0)
      await until('the input is buffered', () => task.reader(input).length === 1)
    }
    const before = new Map(first.tasks)
    joined = hold(other, group)
    await until('the work is shared', () => first.tasks.size === 2 && joined.tasks.size === 2, 40_000)
    expect([...first.tasks.keys(), ...joined.tasks.keys()].toSorted()).toEqual([0, 1, 2, 3])
    expect(drained.toSorted()).toEqual(
      [...joined.tasks.keys()].toSorted().map(partition => `${partition} false`),
    )
    for (const [partition, task] of first.tasks) {
      expect(task).toBe(before.get(partition))
      expect(task.signal.aborted).toBe(false)
      await task.commit([output(records, 'kept', partition)])
      await log.append([output(input, 'later', partition)])
      expect((await take(task, task.reader(input), 2)).map(text)).toEqual([`in ${partition}`, 'later'])
    }
    for (const [partition, task] of joined.tasks) {
      await task.acquire()
      await expect(before.get(partition)!.commit([output(records, 'zombie', partition)])).rejects.toThrow()
      await task.commit([output(records, 'taken', partition)])
      await expect_committed(log, records, ['drained', 'taken'], partition)
    }
    expect(first.events.filter(event => event.startsWith('start')).length).toBe(4)
    const kept = [...first.tasks.keys()]
    await joined.stop()
    await until('everything came back', () => first.tasks.size === 4, 40_000)
    for (const partition of kept) expect(first.tasks.get(partition)).toBe(before.get(partition))
    await first.stop()
    await other.close()
  }, 120_000)
}
