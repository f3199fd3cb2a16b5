/**
 * The simulated StateStore: one atomic script per save, and what befalls a Redis: replies lost, a failover
 * to an older prefix, everything gone, a script cut short, contents of another life.
 */
import {
  type CheckpointHeader,
  DirtyCheckpoint,
  type EntityWrite,
  type Fields,
  type SaveResult,
  type StateStore,
  type TaskId,
} from '../../runtime/ports.ts'
import { count, type Process } from './process.ts'
import type { Random } from './scheduler.ts'

interface Saved {
  readonly header: CheckpointHeader
  readonly writes: readonly EntityWrite[]
}
interface Checkpoint {
  readonly task: TaskId
  /** Every save since the last wipe: the content is their sum, a failover keeps the first few. */
  saves: Saved[]
  entities: Map<string, Map<string, Buffer>>
  dirty: boolean
}

export interface SharedStore {
  readonly checkpoints: Map<string, Checkpoint>
  /** Told of every checkpoint that was written. */
  on_save: (task: TaskId, header: CheckpointHeader) => void
  /** An older prefix of the saves; false when there is nothing to lose. */
  rollback(random: Random): boolean
  flush(): boolean
  /** One task's script dies midway. */
  cut_short(random: Random): boolean
  /** The checkpoint of another log: of another batch than this one's, and with other contents. */
  foreign(random: Random): boolean
  /** The whole store is another system's, under whoever is live: batches far ahead or behind, other contents. */
  swap(random: Random): boolean
}

const name_of = (task: TaskId) => `${task.app}.${task.group}.${task.partition}`

const apply_writes = (entities: Map<string, Map<string, Buffer>>, writes: readonly EntityWrite[]) => {
  for (const { key, fields } of writes) {
    const entity = entities.get(key) ?? new Map<string, Buffer>()
    entities.set(key, entity)
    for (const [field, value] of fields)
      if (value === null) entity.delete(field)
      else entity.set(field, value)
    if (entity.size === 0) entities.delete(key)
  }
}

const content_after = (saves: readonly Saved[]) => {
  const entities = new Map<string, Map<string, Buffer>>()
  for (const { writes } of saves) apply_writes(entities, writes)
  return entities
}

export const create_shared_store = (): SharedStore => {
  const checkpoints = new Map<string, Checkpoint>()
  const some = (random: Random): Checkpoint | null => {
    const filled = [...checkpoints.values()].filter(checkpoint => checkpoint.saves.length > 1)
    return filled.length === 0 ? null : random.pick(filled)
  }
  return {
    checkpoints,
    on_save() {},
    rollback(random) {
      let lost = false
      for (const checkpoint of checkpoints.values()) {
        const kept = Math.max(0, checkpoint.saves.length - random.between(0, 6))
        if (kept === checkpoint.saves.length) continue
        lost = true
        checkpoint.saves = checkpoint.saves.slice(0, kept)
        checkpoint.entities = content_after(checkpoint.saves)
      }
      return lost
    },
    flush() {
      const had = checkpoints.size > 0
      checkpoints.clear()
      return had
    },
    cut_short(random) {
      const checkpoint = some(random)
      const newest = checkpoint?.saves.at(-1)
      if (!checkpoint || !newest) return false
      checkpoint.entities = content_after(checkpoint.saves.slice(0, -1))
      apply_writes(checkpoint.entities, newest.writes.slice(0, newest.writes.length >> 1))
      checkpoint.dirty = true
      return true
    },
    foreign(random) {
      const checkpoint = some(random)
      if (!checkpoint || checkpoint.saves.length < 3) return false
      const kept = random.between(1, checkpoint.saves.length - 2)
      const { header } = checkpoint.saves[kept] as Saved
      const older = checkpoint.saves.slice(0, kept)
      const digest = random.chance(0.5) ? header.digest : header.digest ^ 0x5a5a
      checkpoint.entities = content_after(older)
      checkpoint.saves = [...older, { header: { ...header, log_id: 'another life', digest }, writes: [] }]
      return true
    },
    swap(random) {
      const ahead = random.chance(0.5) ? 100_000 : 0
      let swapped = false
      for (const checkpoint of checkpoints.values()) {
        const { saves } = checkpoint
        if (saves.length < 3) continue
        swapped = true
        const older = saves.slice(0, random.between(1, saves.length - 2))
        const { header } = older.at(-1) as Saved
        const theirs = { ...header, log_id: 'another system', seq: header.seq + ahead, nonce: 'theirs' }
        checkpoint.entities = content_after(older)
        checkpoint.saves = [...older.slice(0, -1), { header: theirs, writes: [] }]
      }
      return swapped
    },
  }
}

const own_writes = (writes: readonly EntityWrite[]): EntityWrite[] =>
  writes.map(({ key, fields }) => ({
    key,
    fields: fields.map(([field, value]) => [field, value && Buffer.from(value)] as const),
  }))

const RESULTS = { already_saved: 'already saved', conflict: 'checkpoint conflict' } as const

export const create_store = (shared: SharedStore, process: Process): StateStore => {
  const at = (task: TaskId) => shared.checkpoints.get(name_of(task))
  const header_of = (task: TaskId): CheckpointHeader | null => {
    const checkpoint = at(task)
    if (checkpoint?.dirty) throw new DirtyCheckpoint(`${name_of(task)} was cut short`)
    return checkpoint?.saves.at(-1)?.header ?? null
  }
  const fields_of = (task: TaskId, key: string): Fields => new Map(at(task)?.entities.get(key) ?? [])
  const call = <T>(task: TaskId, what: string, apply: () => T) =>
    process.call('store', `${task.group}.${task.partition} ${what}`, apply)

  return {
    header: task => call(task, 'reads its header', () => header_of(task)),
    load(task, keys, accepted) {
      const copy = [...keys]
      return call(task, `loads ${copy.length} keys`, () => {
        const header = header_of(task)
        if (!accepted.includes(header?.seq ?? 0)) return null
        return copy.map(key => fields_of(task, key))
      })
    },
    save(task, from, to, writes) {
      const header = { ...to }
      const mine = own_writes(writes)
      const saved = (): SaveResult => {
        if (at(task)?.dirty) return 'conflict'
        const before = header_of(task)
        const same = before?.seq === header.seq && before.digest === header.digest
        if (same && before.nonce === header.nonce) return 'already_saved'
        if ((before?.seq ?? null) !== from) return 'conflict'
        if (before && before.log_id !== header.log_id) return 'conflict'
        const fresh: Checkpoint = { task, saves: [], entities: new Map(), dirty: false }
        const checkpoint = at(task) ?? fresh
        shared.checkpoints.set(name_of(task), checkpoint)
        checkpoint.saves.push({ header, writes: mine })
        apply_writes(checkpoint.entities, mine)
        shared.on_save(task, header)
        return 'saved'
      }
      return call(task, `checkpoints ${from} to ${to.seq}`, () => {
        const result = saved()
        if (result !== 'saved') count(process.counters, RESULTS[result])
        return result
      })
    },
    wipe: task =>
      call(task, 'wipes its checkpoint', () => {
        shared.checkpoints.delete(name_of(task))
      }),
    peek: (task, key) => call(task, `peeks at ${key}`, () => fields_of(task, key)),
    async *scan(task) {
      const all = await call(task, 'scans', () => [...(at(task)?.entities ?? [])])
      for (const [key, fields] of all) yield [key, new Map(fields)] as const
    },
    health: () => Promise.resolve(null),
    close: () => Promise.resolve(),
  }
}
