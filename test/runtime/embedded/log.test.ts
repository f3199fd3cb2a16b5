/** The embedded log keeps the contract; what is special to LMDB: kill -9, restarts, the lock, a reader beside it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, describe, expect, test } from 'vitest'
import { DirectoryInUse } from '../../../runtime/embedded/lock.ts'
import { open_log } from '../../../runtime/embedded/log.ts'
import type { Log, Output } from '../../../runtime/ports.ts'
import { log_contract } from '../contracts/log-contract.ts'
import { hold, until } from '../contracts/log-steps.ts'

const directories: string[] = []
const directory = async (): Promise<string> => {
  const dir = await mkdtemp(`${tmpdir()}/log-`)
  directories.push(dir)
  return dir
}
afterEach(async () => {
  for (const dir of directories.splice(0)) await rm(dir, { recursive: true, force: true })
})

log_contract('the embedded log', async () => {
  const dir = await mkdtemp(`${tmpdir()}/log-`)
  const log = await open_log(dir)
  return {
    log,
    async close() {
      await log.close()
      await rm(dir, { recursive: true })
    },
  }
})

const output = (topic: string, value: string | Buffer, partition = 0): Output => ({
  topic,
  partition,
  key: null,
  value: Buffer.from(value),
})
const values = async (log: Log, topic: string, partition = 0): Promise<string[]> => {
  const { end } = await log.bounds(topic, partition)
  const found: string[] = []
  if (end === 0) return found
  for await (const { records, position } of log.tail(topic, partition, 0, new AbortController().signal)) {
    for (const record of records) {
      expect(record.offset).toBe(found.length)
      found.push(String(record.value))
    }
    if (position >= end) break
  }
  return found
}

const CHILD = new URL('./log-child.ts', import.meta.url).pathname
/** A child that writes until it is killed, printing what was acknowledged. */
const writing_child = (dir: string) => {
  const child = spawn(process.execPath, [CHILD, dir], { stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  child.stdout.on('data', chunk => {
    printed += chunk
  })
  return { child, lines: () => printed.split('\n').slice(0, -1) }
}
const killed = async (child: ChildProcess): Promise<void> => {
  const gone = once(child, 'close')
  child.kill('SIGKILL')
  await gone
}

describe('kill -9', () => {
  test('everything acknowledged is there, nothing is half there, and a restart is not blocked', async () => {
    const dir = await directory()
    let acknowledged: string[] = []
    for (const after of [3, 40, 150]) {
      const { child, lines } = writing_child(dir)
      await until('the child writes', () => lines().length >= after)
      await killed(child)
      acknowledged = [...acknowledged, ...lines()]
    }
    const log = await open_log(dir)
    const appended = new Set(await values(log, 'in'))
    const [left, right] = [await values(log, 'left'), await values(log, 'right', 1)]
    for (const line of acknowledged) {
      const [kind, id] = line.split(' ') as [string, string]
      expect(kind === 'append' ? appended.has(id) : left.includes(id), line).toBe(true)
    }
    expect(left.length).toBeGreaterThan(0)
    expect(right).toEqual(left.flatMap(id => [`${id}a`, `${id}b`]))
    await log.close()
  }, 60_000)
})

describe('the lock', () => {
  test('a living process holds the directory, and the error names its pid', async () => {
    const dir = await directory()
    const { child, lines } = writing_child(dir)
    await until('the child writes', () => lines().length > 0)
    await expect(open_log(dir)).rejects.toThrow(`pid ${child.pid}`)
    await expect(open_log(dir)).rejects.toBeInstanceOf(DirectoryInUse)
    await killed(child)
    await (await open_log(dir)).close()
  }, 30_000)

  test('the same process may not open it twice, but again after close', async () => {
    const dir = await directory()
    const log = await open_log(dir)
    await expect(open_log(dir)).rejects.toThrow(/this process itself/)
    await log.close()
    await (await open_log(dir)).close()
  })

  test('a pid given to another process since, and an unreadable lock, are taken over', async () => {
    const dir = await directory()
    await writeFile(`${dir}/lock`, JSON.stringify({ pid: process.ppid, started: '1', host: 'here' }))
    const log = await open_log(dir)
    expect(JSON.parse(await readFile(`${dir}/lock`, 'utf8'))).toMatchObject({ pid: process.pid })
    await log.close()
    await writeFile(`${dir}/lock`, '{"pid":')
    await (await open_log(dir)).close()
  })

  test('a former owner whose lock was removed can no longer write, and says so', async () => {
    const dir = await directory()
    const first = await open_log(dir)
    await first.ensure([{ name: 'in', partitions: 1 }])
    await first.append([output('in', 'mine')])
    await rm(`${dir}/lock`)
    const second = await open_log(dir)
    await expect(first.append([output('in', 'too late')])).rejects.toThrow(/taken over/)
    expect(await first.health()).toMatch(/taken over/)
    expect(await second.append([output('in', 'theirs')])).toEqual([1])
    expect(await values(second, 'in')).toEqual(['mine', 'theirs'])
    await first.close()
    await second.close()
  })
})

describe('a restart', () => {
  test('finds topics, records and saved offsets, and goes on at the next offset', async () => {
    const dir = await directory()
    const first = await open_log(dir)
    await first.ensure([{ name: 'in', partitions: 2 }])
    await first.append(Array.from({ length: 5000 }, (_, i) => output('in', `${i}`, 1)))
    const group = { name: 'sink', topics: ['in'], partitions: 2, transactional: false }
    const held = hold(first, group)
    await (await held.task(1)).save(new Map([['in', 4321]]))
    await held.stop()
    await first.close()
    const second = await open_log(dir)
    expect(await second.bounds('in', 1)).toEqual({ start: 0, end: 5000 })
    expect(await second.append([output('in', 'next', 1)])).toEqual([5000])
    const again = hold(second, group)
    const task = await again.task(1)
    expect([...(await task.committed())]).toEqual([['in', 4321]])
    const reader = task.reader('in')
    for (const from of [0, 999, 1000, 4321, 5000]) {
      reader.seek(from)
      await until('records came', () => reader.length > 0)
      for (let offset = from; offset <= 5000; offset++) expect(reader.shift()?.offset).toBe(offset)
      expect([reader.shift(), reader.position]).toEqual([undefined, 5001])
    }
    await again.stop()
    await second.close()
  })

  test('close ends runs and tails, and what comes after it is refused', async () => {
    const dir = await directory()
    const log = await open_log(dir)
    await log.ensure([{ name: 'in', partitions: 1 }])
    const held = hold(log, { name: 'g', topics: ['in'], partitions: 1, transactional: true })
    await (await held.task(0)).acquire()
    const tailing = (async () => {
      for await (const fetched of log.tail('in', 0, 0, new AbortController().signal))
        expect(fetched.end).toBe(0)
    })()
    await log.close()
    await tailing
    expect(held.events).toEqual(['start 0', 'end 0'])
    await expect(log.append([output('in', 'x')])).rejects.toThrow(/closed/)
    expect(await log.health()).toMatch(/closed/)
  })
})

describe('beside the writing process', () => {
  test('a read-only log sees what is there and what comes, and cannot write', async () => {
    const dir = await directory()
    await expect(open_log(dir, { read_only: true })).rejects.toThrow(/no data/)
    const { child, lines } = writing_child(dir)
    await until('the child writes', () => lines().length > 5)
    const log = await open_log(dir, { read_only: true })
    const { end } = await log.bounds('left', 0)
    expect((await values(log, 'left')).length).toBeGreaterThanOrEqual(end)
    const stop = new AbortController()
    for await (const { position } of log.tail('left', 0, end, stop.signal)) if (position > end) break
    stop.abort()
    await expect(log.append([output('left', 'x')])).rejects.toThrow(/reading only/)
    await expect(log.ensure([{ name: 'new', partitions: 1 }])).rejects.toThrow(/reading only/)
    await log.close()
    await killed(child)
  }, 30_000)
})

describe('a task that does not keep up', () => {
  test('holds a bounded part of large records in memory, and still gets them all', async () => {
    const dir = await directory()
    const log = await open_log(dir)
    await log.ensure([{ name: 'in', partitions: 1 }])
    const held = hold(log, { name: 'g', topics: ['in'], partitions: 1, transactional: true })
    const task = await held.task(0)
    const reader = task.reader('in')
    reader.seek(0)
    for (let i = 0; i < 20; i++) await log.append([output('in', Buffer.alloc(1 << 20, i))])
    await until('the end is known', () => reader.end === 20)
    expect(reader.length).toBeGreaterThan(0)
    expect(reader.length).toBeLessThan(8)
    for (let i = 0; i < 20; i++) expect(reader.shift()?.value?.[1000]).toBe(i)
    expect([reader.shift(), reader.position]).toEqual([undefined, 20])
    await held.stop()
    await log.close()
  })
})

describe('throughput', () => {
  test('many small callers share transactions', async () => {
    const dir = await directory()
    const log = await open_log(dir)
    await log.ensure([{ name: 'in', partitions: 8 }])
    const body = Buffer.alloc(300, 1)
    const callers = 64
    const each = 200
    const begin = performance.now()
    await Promise.all(
      Array.from({ length: callers }, async (_, caller) => {
        for (let i = 0; i < each; i++)
          await log.append([
            { topic: 'in', partition: (caller + i) % 8, key: body.subarray(0, 20), value: body },
          ])
      }),
    )
    const seconds = (performance.now() - begin) / 1000
    console.log(
      `embedded log: ${Math.round((callers * each) / seconds)} appends of one record per second, ${callers} callers`,
    )
    const bulk = Array.from({ length: 50_000 }, (_, i) => output('in', body, i % 8))
    const bulk_begin = performance.now()
    await log.append(bulk)
    const bulk_seconds = (performance.now() - bulk_begin) / 1000
    console.log(`embedded log: ${Math.round(bulk.length / bulk_seconds)} records per second in one append`)
    let records = 0
    for (let partition = 0; partition < 8; partition++) records += (await log.bounds('in', partition)).end
    expect(records).toBe(callers * each + bulk.length)
    await log.close()
  }, 60_000)
})
