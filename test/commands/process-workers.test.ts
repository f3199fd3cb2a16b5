/** Worker processes as the process that serves HTTP sees them, with workers that do nothing. */
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { start_workers, type Workers } from '../../commands/process/workers.ts'
import { create_metrics } from '../../runtime/metrics.ts'

let started: Workers | null = null
const lines: string[] = []
const start = (count: number, manner: string): Workers => {
  lines.length = 0
  const logger = pino({ level: 'info' }, { write: line => void lines.push(line) })
  const metrics = create_metrics()
  metrics.observe.outcome('payments', 'processed', 5)
  const program = join(import.meta.dirname, 'fake-worker.ts')
  started = start_workers({ count, argv: [manner], logger, metrics, program })
  return started
}
const pids = (workers: Workers) => workers.workers().flatMap(({ pid }) => pid ?? [])
const errors = (workers: Workers) => workers.workers().map(({ error }) => error)
const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
afterEach(() => {
  for (const pid of started ? pids(started) : []) process.kill(pid, 'SIGKILL')
})

describe('workers', () => {
  it('are shown as one: statuses side by side, metrics with the number of the worker', async () => {
    const workers = start(3, 'obeys')
    expect(errors(workers)).toEqual(['is starting', 'is starting', 'is starting'])
    expect(workers.worker.status()).toEqual([])
    await vi.waitFor(() => expect(errors(workers)).toEqual([null, null, null]), 10_000)
    expect(workers.worker.status().map(({ partition }) => partition)).toEqual([1, 2, 3])
    expect(workers.sink.status().map(({ partition }) => partition)).toEqual([1, 2, 3])
    const text = await workers.metrics.text()
    expect(text.split('\n').filter(line => line.startsWith('tributary_records_total'))).toEqual([
      'tributary_records_total{topic="payments",outcome="processed"} 5',
      'tributary_records_total{topic="payments",worker="1"} 10',
      'tributary_records_total{topic="payments",worker="2"} 20',
      'tributary_records_total{topic="payments",worker="3"} 30',
    ])
    await workers.stop()
  })

  it('that die are started again, and say nothing meanwhile', async () => {
    const workers = start(2, 'obeys')
    await vi.waitFor(() => expect(errors(workers)).toEqual([null, null]), 10_000)
    const [, second] = pids(workers)
    process.kill(second!, 'SIGKILL')
    await vi.waitFor(() => expect(errors(workers)[1]).toBe('ended with SIGKILL, is started again'))
    expect(workers.worker.status().map(({ partition }) => partition)).toEqual([1])
    expect(await workers.metrics.text()).not.toContain('worker="2"')
    await vi.waitFor(() => expect(errors(workers)).toEqual([null, null]), 10_000)
    expect(pids(workers)[1]).not.toBe(second)
    expect(lines.filter(line => line.includes('a worker ended and is started again'))).toHaveLength(1)
    await workers.stop()
  })

  it('that cannot start are tried again, ever less often, and named', async () => {
    const workers = start(2, 'fails')
    const pauses = () => lines.flatMap(line => JSON.parse(line).pause_ms ?? [])
    await vi.waitFor(() => expect(pauses()).toEqual([500, 1000]), 15_000)
    expect(errors(workers)).toEqual(['ended with code 3, is started again', null])
    await workers.stop()
    expect(pids(workers)).toEqual([])
  })

  it('end when they are stopped, and are not started again', async () => {
    const workers = start(2, 'obeys')
    await vi.waitFor(() => expect(errors(workers)).toEqual([null, null]), 10_000)
    const before = pids(workers)
    await workers.stop()
    expect(before.map(runs)).toEqual([false, false])
    expect(pids(workers)).toEqual([])
    expect(lines.some(line => line.includes('started again'))).toBe(false)
  })

  it('that do not end are killed with this process', async () => {
    const workers = start(1, 'deaf')
    await vi.waitFor(() => expect(errors(workers)).toEqual([null]), 10_000)
    const [pid] = pids(workers)
    const stopped = workers.stop()
    // What node does at its end.
    for (const end of process.listeners('exit').slice(-1)) end.call(process, 0)
    await stopped
    expect(runs(pid!)).toBe(false)
  })
})
