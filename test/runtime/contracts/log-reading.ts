/** The Log contract: tails and readers, and what they see of the transactions of others. */
import { expect, test } from 'vitest'
import { type Fetched, OffsetOutOfRange, type Output } from '../../../runtime/ports.ts'
import {
  at_end,
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

export const tail_tests = (current: Current): void => {
  test('tail begins at its offset, follows what comes and ends with its signal', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    await log.append(['0', '1', '2'].map(value => output(a, value)))
    const stop = new AbortController()
    const seen: string[] = []
    const fetches: Fetched[] = []
    const reading = (async () => {
      for await (const fetched of log.tail(a, 0, 1, stop.signal)) {
        fetches.push(fetched)
        for (const record of fetched.records) seen.push(`${record.offset}=${text(record)}`)
      }
    })()
    await until('the first records came', () => seen.length === 2)
    await log.append([output(a, '3')])
    await until('the later record came', () => seen.length === 3)
    stop.abort()
    await reading
    expect(seen).toEqual(['1=1', '2=2', '3=3'])
    expect(fetches.at(-1)).toMatchObject({ position: 4, end: 4 })
  })

  test('two tails of one partition at different offsets both get everything', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    const values = Array.from({ length: 20 }, (_, i) => `${i}`)
    await log.append(values.slice(0, 10).map(value => output(a, value)))
    const stop = new AbortController()
    const follow = (from: number) => {
      const seen: string[] = []
      const reading = (async () => {
        for await (const { records } of log.tail(a, 0, from, stop.signal))
          for (const record of records) seen.push(`${record.offset}=${text(record)}`)
      })()
      return { seen, reading }
    }
    const tails = [0, 7, 10].map(from => ({ from, ...follow(from) }))
    await until('all have what was there', () => tails.every(({ from, seen }) => seen.length === 10 - from))
    // One by one, so that each must be fetched by all while they stand side by side.
    for (const value of values.slice(10)) await log.append([output(a, value)])
    await until('all have what came', () => tails.every(({ from, seen }) => seen.length >= 20 - from))
    // A tail that begins while the others stand at the end must not be starved by them, nor starve them.
    const late = { from: 3, ...follow(3) }
    await until('the later tail has everything', () => late.seen.length >= 17)
    await log.append([output(a, '20')])
    const all = [...tails, late]
    await until('all have the last record', () => all.every(({ from, seen }) => seen.length >= 21 - from))
    stop.abort()
    await Promise.all(all.map(({ reading }) => reading))
    const expected = [...values, '20'].map((value, offset) => `${offset}=${value}`)
    for (const { from, seen } of all) expect(seen).toEqual(expected.slice(from))
  })

  test('tail of an empty partition yields position and end', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    const stop = new AbortController()
    for await (const fetched of log.tail(a, 1, 0, stop.signal)) {
      expect(fetched).toEqual({ records: [], position: 0, end: 0 })
      break
    }
    stop.abort()
  })

  test('tail from an offset that never was fails with OffsetOutOfRange', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    await log.append([output(a, '0')])
    const reading = async () => {
      for await (const fetched of log.tail(a, 0, 50, new AbortController().signal))
        expect(fetched.records).toEqual([])
    }
    await expect(reading()).rejects.toBeInstanceOf(OffsetOutOfRange)
  })
}

export const reader_tests = (current: Current): void => {
  test('readers deliver nothing before a seek, then everything in order', async () => {
    const { log } = current()
    const { a, b } = await fresh_topics(log)
    await log.append([...['0', '1', '2'].map(value => output(a, value)), output(b, 'b0')])
    const held = hold(log, group_of([a, b]))
    const task = await held.task(0)
    const [reader, other] = [task.reader(a), task.reader(b)]
    expect(task.reader(a)).toBe(reader)
    expect([reader.topic, reader.partition]).toEqual([a, 0])
    await task.wait(400)
    expect([reader.length, reader.end, reader.at(0), reader.shift()]).toEqual([0, -1, undefined, undefined])
    reader.seek(0)
    await until('three records are buffered', () => reader.length === 3)
    expect(text(reader.at(1))).toBe('1')
    expect((await take(task, reader, 3)).map(text)).toEqual(['0', '1', '2'])
    await at_end(task, reader, 3)
    expect([reader.position, reader.end, reader.length, other.length]).toEqual([3, 3, 0, 0])
    expect(() => task.reader(unique('none'))).toThrow()
    await held.stop()
  })

  test('seek drops what is buffered, backwards and forwards', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    await log.append(Array.from({ length: 10 }, (_, i) => output(a, `${i}`)))
    const held = hold(log, group_of([a]))
    const task = await held.task(0)
    const reader = task.reader(a)
    reader.seek(2)
    await until('records are buffered', () => reader.length > 0)
    expect(text(reader.at(0))).toBe('2')
    reader.seek(7)
    expect(reader.length).toBe(0)
    expect((await take(task, reader, 3)).map(text)).toEqual(['7', '8', '9'])
    reader.seek(0)
    expect((await take(task, reader, 10)).map(text)).toEqual([...'0123456789'])
    await held.stop()
  })

  test('pause drops what is buffered and delivers nothing until the next seek', async () => {
    const { log } = current()
    const { a, b } = await fresh_topics(log)
    await log.append(['0', '1', '2'].map(value => output(a, value)))
    const held = hold(log, group_of([a, b]))
    const task = await held.task(0)
    const [reader, other] = [task.reader(a), task.reader(b)]
    reader.seek(0)
    other.seek(0)
    await until('three records are buffered', () => reader.length === 3)
    reader.pause()
    expect([reader.length, reader.at(0), reader.shift()]).toEqual([0, undefined, undefined])
    await log.append([output(a, '3'), output(b, 'b0')])
    expect((await take(task, other, 1)).map(text)).toEqual(['b0'])
    await task.wait(400)
    expect(reader.length).toBe(0)
    // A pause right behind a seek takes the seek back.
    reader.seek(1)
    reader.pause()
    await task.wait(400)
    expect(reader.length).toBe(0)
    reader.seek(2)
    expect((await take(task, reader, 2)).map(text)).toEqual(['2', '3'])
    await held.stop()
  })

  test('wait ends at max_ms, or sooner with news', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    const held = hold(log, group_of([a]))
    const task = await held.task(0)
    const reader = task.reader(a)
    reader.seek(0)
    await at_end(task, reader, 0)
    const from = Date.now()
    await task.wait(150)
    expect(Date.now() - from).toBeLessThan(2_000)
    const waiting = take(task, reader, 1)
    await log.append([output(a, 'news')])
    expect((await waiting).map(text)).toEqual(['news'])
    await held.stop()
  })

  test('an offset that is not there fails from wait, and a later seek heals', async () => {
    const { log } = current()
    const { a } = await fresh_topics(log)
    await log.append([output(a, '0')])
    const held = hold(log, group_of([a]))
    const task = await held.task(0)
    const reader = task.reader(a)
    reader.seek(99)
    const failing = async () => {
      for (let i = 0; i < 100; i++) await task.wait(200)
    }
    await expect(failing()).rejects.toBeInstanceOf(OffsetOutOfRange)
    expect(reader.length).toBe(0)
    reader.seek(0)
    expect((await take(task, reader, 1)).map(text)).toEqual(['0'])
    await held.stop()
  })
}

export const transaction_tests = (current: Current): void => {
  test('an open transaction holds end back; its commit shows it', async () => {
    const { log, transaction } = current()
    const { a } = await fresh_topics(log)
    const held = hold(log, group_of([a]))
    const task = await held.task(0)
    const reader = task.reader(a)
    await log.append([output(a, '0')])
    reader.seek(0)
    const open = await transaction!([output(a, '1')])
    await log.append([output(a, '2')])
    expect((await take(task, reader, 1)).map(text)).toEqual(['0'])
    await task.wait(400)
    expect([reader.length, reader.position, reader.end]).toEqual([0, 1, 1])
    expect((await log.bounds(a, 0)).end).toBe(1)
    await open.commit()
    expect((await take(task, reader, 2)).map(text)).toEqual(['1', '2'])
    await at_end(task, reader, 4)
    expect((await log.bounds(a, 0)).end).toBe(4)
    await held.stop()
  })

  test('overlapping aborted transactions are never seen, and position passes them', async () => {
    const { log, transaction } = current()
    const { a } = await fresh_topics(log)
    const held = hold(log, group_of([a]))
    const task = await held.task(0)
    const zero: Output = {
      topic: a,
      partition: 0,
      key: Buffer.from([0, 0, 0, 0]),
      value: Buffer.from('dead zero key'),
    }
    const first = await transaction!([output(a, 'dead 1'), zero])
    const second = await transaction!([output(a, 'dead 2')])
    const third = await transaction!([output(a, 'alive 3')])
    const fourth = await transaction!([zero, output(a, 'dead 4')])
    await log.append([{ ...zero, value: Buffer.from('alive zero key') }, output(a, 'alive 5')])
    await fourth.abort()
    await second.abort()
    await third.commit()
    await first.abort()
    await log.append([output(a, 'alive 6')])
    const expected = ['alive 3', 'alive zero key', 'alive 5', 'alive 6']
    await expect_committed(log, a, expected)
    const reader = task.reader(a)
    const { end } = await log.bounds(a, 0)
    for (let from = 0; from < end; from++) {
      reader.seek(from)
      await at_end(task, reader, end)
      const seen: (string | null | undefined)[] = []
      for (let record = reader.shift(); record; record = reader.shift()) seen.push(text(record))
      expect(seen).toEqual(expected.slice(expected.length - seen.length))
    }
    const last = await transaction!([output(a, 'dead 7')])
    await last.abort()
    await at_end(task, reader, end + 2)
    expect([reader.length, reader.position]).toEqual([0, end + 2])
    await held.stop()
  })
}
