/**
 * The StateStore on LMDB. A save is one transaction, so a checkpoint is never dirty; it stays a call of its own behind the
 * log's commit, as with Redis, so that recovery is the same path on a laptop as on a cluster.
 */
import { check_key, check_save, same_checkpoint, task_name } from '../checkpoint-rules.ts'
import type { CheckpointHeader, Fields, StateStore } from '../ports.ts'
import { type EnvironmentOptions, open_environment } from './environment.ts'

/** Fields read in one piece while scanning. */
const SCAN_FIELDS = 5000

interface Entity {
  readonly key: string
  readonly fields: Map<string, Buffer>
}

const sized = (text: string): Buffer => {
  const bytes = Buffer.from(text)
  const size = Buffer.allocUnsafe(2)
  size.writeUInt16BE(bytes.length)
  return Buffer.concat([size, bytes])
}
/** Keys are task, entity key (each behind its length: no name can run into the next one), field. */
const entity_prefix = (task: Buffer, key: string): Buffer => Buffer.concat([task, sized(key)])
/** No part begins with byte 255: neither a length that large nor UTF-8. */
const behind = (prefix: Buffer): Buffer => Buffer.concat([prefix, Buffer.from([255])])
const split_key = (stored: Uint8Array, task: Buffer): { readonly key: string; readonly field: string } => {
  const rest = Buffer.from(stored).subarray(task.length)
  const field_at = 2 + rest.readUInt16BE(0)
  return { key: rest.toString('utf8', 2, field_at), field: rest.toString('utf8', field_at) }
}

/**
 * Opens `<directory>/state`, creating it when missing.
 * @param options read_only: beside a living writer, for reading only; takes no lock
 * @throws DirectoryInUse while another living process has it open for writing
 */
export const open_state_store = async (
  directory: string,
  options: EnvironmentOptions = {},
): Promise<StateStore> => {
  const path = `${directory}/state`
  const environment = await open_environment(path, `${path}/lock`, options)
  const headers = environment.values<CheckpointHeader>('headers')
  const entities = environment.bytes('entities')

  const begin_read = (): void => {
    environment.check_open()
    if (environment.read_only) environment.refresh()
  }
  const fields_of = (task: Buffer, key: string): Fields => {
    const prefix = entity_prefix(task, key)
    const fields = new Map<string, Buffer>()
    for (const { key: stored, value } of entities.getRange({ start: prefix, end: behind(prefix) }))
      fields.set(Buffer.from(stored).toString('utf8', prefix.length), Buffer.from(value))
    return fields
  }
  // Longer than any key that check_save lets through.
  const stored_key = Buffer.alloc(4096)
  // One after the other: what a save compares must stand until it has written.
  let turn: Promise<unknown> = Promise.resolve()
  const in_turn = <T>(act: () => Promise<T>): Promise<T> => {
    const done = turn.then(act)
    turn = done.catch(() => {})
    return done
  }

  const save: StateStore['save'] = async (id, from, to, writes) => {
    const name = task_name(id)
    check_save(from, to, writes)
    return in_turn(async () => {
      environment.check_open()
      const stands = headers.get(name)
      if (stands && same_checkpoint(stands, to)) return 'already_saved'
      if ((stands?.seq ?? null) !== from) return 'conflict'
      const task = sized(name)
      await environment.write(() => {
        for (const { key, fields } of writes) {
          const prefix = entity_prefix(task, key)
          prefix.copy(stored_key)
          for (const [field, value] of fields) {
            // LMDB copies a key when it is handed over.
            const stored = stored_key.subarray(0, prefix.length + stored_key.write(field, prefix.length))
            void (value === null ? entities.remove(stored) : entities.put(stored, value))
          }
        }
        void headers.put(name, to)
      })
      return 'saved'
    })
  }

  const wipe: StateStore['wipe'] = async id => {
    const name = task_name(id)
    await in_turn(async () => {
      const task = sized(name)
      const keys = [...entities.getKeys({ start: task, end: behind(task) })].map(key => Buffer.from(key))
      await environment.write(() => {
        for (const key of keys) void entities.remove(key)
        void headers.remove(name)
      })
    })
  }

  async function* scan(name: string): AsyncGenerator<readonly [string, Fields]> {
    const task = sized(name)
    const end = behind(task)
    let start = task
    let current: Entity | null = null
    for (;;) {
      begin_read()
      const page = [...entities.getRange({ start, end, limit: SCAN_FIELDS })].map(
        ({ key, value }) => [Buffer.from(key), Buffer.from(value)] as const,
      )
      for (const [stored, value] of page) {
        const { key, field } = split_key(stored, task)
        if (current === null || current.key !== key) {
          if (current) yield [current.key, current.fields]
          current = { key, fields: new Map() }
        }
        current.fields.set(field, value)
      }
      const last = page.at(-1)
      if (!last || page.length < SCAN_FIELDS) break
      start = Buffer.concat([last[0], Buffer.from([0])])
    }
    if (current) yield [current.key, current.fields]
  }

  return {
    async header(id) {
      begin_read()
      return headers.get(task_name(id)) ?? null
    },
    async load(id, keys, accepted) {
      const name = task_name(id)
      for (const key of keys) check_key(key)
      begin_read()
      const header = headers.get(name)
      if (!accepted.includes(header?.seq ?? 0)) return null
      const task = sized(name)
      return keys.map(key => fields_of(task, key))
    },
    save,
    wipe,
    async peek(id, key) {
      check_key(key)
      begin_read()
      return fields_of(sized(task_name(id)), key)
    },
    scan: id => scan(task_name(id)),
    health: async () => environment.failure(),
    async close() {
      await turn
      await environment.close()
    },
  }
}
