/** Keyed state that a batch needs and that is not in memory: loaded from the checkpoint, over outages. */
import { DirtyCheckpoint } from './ports.ts'
import type { Processor } from './processor.ts'
import type { TaskRun } from './task-run.ts'

/** Loads cold keys in one round trip; retries over outages. */
export const load_cold = async (
  run: TaskRun,
  processor: Processor,
  keys: readonly string[],
  accepted: readonly number[],
): Promise<void> => {
  if (keys.length === 0) return
  // Without a checkpoint there is nothing to ask for.
  const fresh = accepted.length === 1 && accepted[0] === 0
  const loaded = fresh
    ? keys.map(() => new Map())
    : await run.persistently(() => run.deps.store.load(run.id, keys, accepted).catch(null_when_dirty))
  if (!loaded) throw new Error('the checkpoint in the store is not the one this task wrote')
  keys.forEach((key, i) => {
    processor.entities.load(key, loaded[i] ?? new Map())
  })
}

/** A checkpoint that was cut short is answered by a recovery, not by asking again. */
export const null_when_dirty = (error: unknown): null => {
  if (error instanceof DirtyCheckpoint) return null
  throw error
}

/** At most so many keys a round trip. */
export const chunks = (keys: readonly string[]): (readonly string[])[] => {
  const cut: (readonly string[])[] = []
  for (let i = 0; i < keys.length; i += KEYS_PER_LOAD) cut.push(keys.slice(i, i + KEYS_PER_LOAD))
  return cut
}
const KEYS_PER_LOAD = 1000
