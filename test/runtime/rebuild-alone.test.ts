/** A rebuild works a group alone: it waits until all partitions are its own, and says in one line why it does not begin. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TaskLog, TaskRefused } from '../../runtime/ports.ts'
import { rebuild_group } from '../../runtime/rebuild.ts'
import type { WorkerDeps } from '../../runtime/worker-types.ts'
import { type SmallSystem, small_system } from './small-system.ts'

let system: SmallSystem
beforeAll(async () => {
  system = await small_system()
})
afterAll(() => system.close())

type Run = WorkerDeps['log']['run']
const rebuild = (run: Run, signal: AbortSignal, alone_within_ms: number) => {
  const { log } = system.deps
  const beside = {
    ...log,
    run,
    tail: log.tail.bind(log),
    bounds: log.bounds.bind(log),
    partitions: log.partitions.bind(log),
  }
  const request = { group: 'customer', emit: 'nothing', pipelines: [], alone_within_ms } as const
  return rebuild_group({ ...system.deps, log: beside }, request, () => {}, signal)
}
const until = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
const bare_task = (partition: number, signal: AbortSignal) => ({ partition, signal }) as unknown as TaskLog

test('others hold all partitions', async () => {
  const nobody: Run = (_group, _work, signal) => until(signal)
  await expect(rebuild(nobody, new AbortController().signal, 20)).rejects.toThrow(
    '0 of 2 partitions are free: stop the processes that work customer first',
  )
})

test('others hold one, and the one it has is taken away and given back: not counted twice', async () => {
  const half: Run = async (_group, work, signal) => {
    for (let n = 0; n < 3; n++) {
      const taken = new AbortController()
      const working = work(bare_task(0, taken.signal))
      taken.abort()
      await working
    }
    await until(signal)
  }
  await expect(rebuild(half, new AbortController().signal, 50)).rejects.toThrow('0 of 2 partitions are free')
})

test('newer code wrote the state: told, not waited for', async () => {
  const { store, log } = system.deps
  const header = {
    log_id: 'l',
    seq: 1,
    digest: 0,
    nonce: 'n',
    code: 'c',
    task: '{"operators":{"a/unheard-of":1}}',
  }
  await store.save({ app: 'tributary', group: 'customer', partition: 0 }, null, header, [])
  // As on Kafka: what is refused is left to others.
  const patient: Run = async (group, work, signal) =>
    log.run(
      group,
      task =>
        work(task).catch((error: unknown) => {
          if (!(error instanceof TaskRefused)) throw error
        }),
      signal,
    )
  await expect(rebuild(patient, AbortSignal.timeout(4000), 3000)).rejects.toThrow(
    'newer code wrote its state',
  )
})

test('stopped while it waits', async () => {
  const stop = new AbortController()
  const one: Run = async (_group, work, signal) => {
    const working = work(bare_task(0, signal))
    stop.abort()
    await working
  }
  await expect(rebuild(one, stop.signal, 10_000)).rejects.toThrow('stopped before it began')
})
