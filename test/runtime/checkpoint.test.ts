/** A checkpoint that the store does not take is tried again as long as its task lives with it, and no longer. */
import { expect, test } from 'vitest'
import { Checkpoints } from '../../runtime/checkpoint.ts'
import { Entities } from '../../runtime/entities.ts'
import type { CheckpointHeader, StateStore } from '../../runtime/ports.ts'
import type { Processor } from '../../runtime/processor.ts'
import type { Observer, Settings } from '../../runtime/worker-types.ts'

const header: CheckpointHeader = { log_id: 'l', seq: 1, digest: 1, nonce: 'n', code: 'c', task: '{}' }

const failing = () => {
  const life = new AbortController()
  const tried: number[] = []
  const sleeping: (() => void)[] = []
  const store = {
    save: async () => {
      tried.push(tried.length)
      throw new Error('the disk is full')
    },
  } as unknown as StateStore
  const clock = {
    now: () => 1_000_000,
    nonce: () => 'n',
    sleep: (_ms: number, signal?: AbortSignal) =>
      new Promise<void>(resolve => {
        if (signal?.aborted) resolve()
        signal?.addEventListener('abort', () => resolve())
        sleeping.push(resolve)
      }),
  }
  const settings = { checkpoint_every_ms: 1, retry_ms: 10 } as Settings
  const entities = new Entities({}, () => [])
  const processor = { entities, node_field: () => '' } as unknown as Processor
  const checkpoints = new Checkpoints(
    { store, clock, settings, observe: {} as Observer },
    { app: 'a', group: 'g', partition: 0 },
    processor,
    null,
    life.signal,
  )
  return { checkpoints, life, tried, sleeping }
}
const turn = () => new Promise(resolve => setImmediate(resolve))

test('it is tried again after each pause', async () => {
  const { checkpoints, tried, sleeping } = failing()
  checkpoints.offer(() => header)
  await turn()
  expect(tried).toHaveLength(1)
  sleeping.shift()?.()
  await turn()
  expect(tried).toHaveLength(2)
  expect(checkpoints.accepted()).toEqual([0, 1])
})

test('when the life it belongs to has ended, a recovered task is not written over', async () => {
  const { checkpoints, life, tried } = failing()
  checkpoints.offer(() => header)
  await turn()
  life.abort()
  await checkpoints.settled()
  expect(tried).toHaveLength(1)
  expect(checkpoints.accepted()).toEqual([0])
})
