/**
 * The StateStore on Redis: one hash per entity, a header per task, compare-and-set saves by script (scripts.ts). No key
 * ever gets a time to live: what is idle is dropped by operators, which the log can replay, not by a clock, which it cannot.
 */
import { check_key, check_save, task_name } from '../checkpoint-rules.ts'
import {
  type CheckpointHeader,
  DirtyCheckpoint,
  type EntityWrite,
  type Fields,
  type SaveResult,
  type StateStore,
} from '../ports.ts'
import { type Connection, type ConnectionOptions, open_connection } from './connection.ts'
import { load_script, save_script, wipe_script } from './scripts.ts'
import { Wire } from './wire.ts'

export interface RedisStoreOptions extends ConnectionOptions {
  /** Bounds of one script of a save: it blocks the server while it runs (1 to 5 µs a field). */
  readonly part_fields_max?: number
  readonly part_bytes_max?: number
}

const PART_FIELDS = 100_000
const PART_BYTES = 64 << 20
/** Entities read or wiped per round trip. */
const PAGE = 1000

interface TaskKeys {
  readonly name: string
  readonly header: string
  readonly index: string
  readonly prefix: string
}
const keys_of = (name: string): TaskKeys => ({
  name,
  header: `{${name}}:h`,
  index: `{${name}}:k`,
  prefix: `{${name}}:e:`,
})

interface Part {
  readonly keys: Wire
  readonly args: Wire
}
const empty_part = (): Part => ({ keys: new Wire(), args: new Wire() })

/** Cuts a save into as few parts as its bounds allow; an entity is never cut. */
const parts_of = (writes: readonly EntityWrite[], prefix: string, fields_max: number, bytes_max: number) => {
  let part = empty_part()
  const parts = [part]
  let fields_in = 0
  let bytes_in = 0
  for (const { key, fields } of writes) {
    if (fields.length === 0) continue
    let bytes = 0
    let deletes = 0
    for (const [field, value] of fields) {
      bytes += field.length + (value?.length ?? 0)
      if (value === null) deletes++
    }
    if (fields_in > 0 && (fields_in + fields.length > fields_max || bytes_in + bytes > bytes_max)) {
      part = empty_part()
      parts.push(part)
      fields_in = 0
      bytes_in = 0
    }
    fields_in += fields.length
    bytes_in += bytes
    part.keys.put_text(key, prefix)
    put_fields(part.args, fields, deletes)
  }
  return parts
}

/** As the script takes them: how many are set and deleted, the set ones with their values, the names of the others. */
const put_fields = (args: Wire, fields: EntityWrite['fields'], deletes: number): void => {
  args.put_text(String(fields.length - deletes))
  args.put_text(String(deletes))
  for (const [field, value] of fields) {
    if (value === null) continue
    args.put_text(field)
    args.put(value)
  }
  if (deletes > 0) for (const [field, value] of fields) if (value === null) args.put_text(field)
}

const fields_in = (reply: readonly Buffer[]): Fields => {
  const fields = new Map<string, Buffer>()
  for (let i = 0; i + 1 < reply.length; i += 2) fields.set(String(reply[i]), reply[i + 1]!)
  return fields
}

/** The fields of each key, or null when no accepted checkpoint stands there. */
const load = async (
  connection: Connection,
  task: TaskKeys,
  keys: readonly string[],
  accepted: readonly string[],
): Promise<Fields[] | null> => {
  for (const key of keys) check_key(key)
  const names = [task.header, ...keys.map(key => task.prefix + key)]
  const [status, ...replies] = (await connection.run(load_script, names, accepted)) as [Buffer, ...Buffer[][]]
  if (String(status) === 'dirty') throw dirty(task)
  return String(status) === 'ok' ? replies.map(fields_in) : null
}

const dirty = ({ name }: TaskKeys): DirtyCheckpoint =>
  new DirtyCheckpoint(
    `a write of the checkpoint of ${name} was cut short midway; it must be wiped and rebuilt`,
  )

/** A checkpoint's name inside Redis: what the scripts compare. */
const target_of = ({ seq, digest, nonce }: CheckpointHeader): string => `${seq} ${digest} ${nonce}`

/**
 * The checkpoints that tasks of this process believe to stand in Redis: what they have read, what they have saved, what they
 * are saving. A batch number alone would let another installation's state of the same number be taken for one's own.
 */
class Believed {
  readonly #targets = new Map<string, Map<number, string>>()

  /** These and no others. */
  set(task: string, ...headers: readonly CheckpointHeader[]): void {
    this.#targets.set(task, new Map(headers.map(header => [header.seq, target_of(header)])))
  }
  add(task: string, header: CheckpointHeader): void {
    const targets = this.#targets.get(task)
    if (targets) targets.set(header.seq, target_of(header))
    else this.set(task, header)
  }
  /** As the load script takes it; a batch number where this process knows no more. */
  accepted(task: string, seqs: readonly number[]): string[] {
    const targets = this.#targets.get(task)
    return seqs.map(seq => targets?.get(seq) ?? String(seq))
  }
}

const save = async (
  connection: Connection,
  task: TaskKeys,
  from: number | null,
  to: CheckpointHeader,
  parts: readonly Part[],
): Promise<SaveResult> => {
  const head = [
    from === null ? '' : String(from),
    String(to.seq),
    String(to.digest),
    to.nonce,
    JSON.stringify(to),
  ]
  for (const [i, part] of parts.entries()) {
    const place = [
      i === 0 ? '1' : '0',
      i === parts.length - 1 ? '1' : '0',
      String(Buffer.byteLength(task.prefix)),
    ]
    const reply = await connection.run(save_script, [task.header, task.index], [...head, ...place], part)
    const result = String(reply) as SaveResult
    if (result !== 'saved') return result
  }
  return 'saved'
}

/** Entity keys of a task in pages; a key may come twice when the set changes meanwhile. */
async function* index_pages(connection: Connection, task: TaskKeys): AsyncGenerator<string[]> {
  let cursor = '0'
  do {
    const [next, members] = await connection.ask(client => client.sscan(task.index, cursor, 'COUNT', PAGE))
    cursor = next
    if (members.length > 0) yield members
  } while (cursor !== '0')
}

async function* scan(connection: Connection, task: TaskKeys): AsyncGenerator<readonly [string, Fields]> {
  const seen = new Set<string>()
  for await (const members of index_pages(connection, task)) {
    const keys = members.filter(key => !seen.has(key))
    for (const key of keys) seen.add(key)
    const found = (await load(connection, task, keys, ['*'])) ?? []
    for (const [i, fields] of found.entries()) if (fields.size > 0) yield [keys[i]!, fields]
  }
}

/** @throws Error when Redis cannot be reached or may evict what it holds */
export const open_redis_state_store = async (
  url: string,
  options: RedisStoreOptions = {},
): Promise<StateStore> => {
  const { part_fields_max = PART_FIELDS, part_bytes_max = PART_BYTES } = options
  const connection = await open_connection(url, options)
  const believed = new Believed()
  return {
    async header(id) {
      const task = keys_of(task_name(id))
      const [header, marked] = await connection.ask(client => client.hmget(task.header, 'header', 'dirty'))
      if (marked !== null) throw dirty(task)
      const found = header === null || header === undefined ? null : (JSON.parse(header) as CheckpointHeader)
      believed.set(task.name, ...(found ? [found] : []))
      return found
    },
    async load(id, keys, accepted) {
      const task = keys_of(task_name(id))
      if (accepted.length === 0) return null
      return load(connection, task, keys, believed.accepted(task.name, accepted))
    },
    async save(id, from, to, writes) {
      const task = keys_of(task_name(id))
      check_save(from, to, writes)
      believed.add(task.name, to)
      const parts = parts_of(writes, task.prefix, part_fields_max, part_bytes_max)
      const result = await save(connection, task, from, to, parts)
      if (result !== 'conflict') believed.set(task.name, to)
      return result
    },
    async wipe(id) {
      const task = keys_of(task_name(id))
      const args = [String(Buffer.byteLength(task.prefix))]
      for (;;) {
        const members = await connection.ask(client => client.srandmember(task.index, PAGE))
        const names = (members ?? []).map(key => task.prefix + key)
        await connection.run(wipe_script, [task.header, task.index, ...names], args)
        if (names.length === 0) return
      }
    },
    peek: async (id, key) => (await load(connection, keys_of(task_name(id)), [key], ['*']))![0]!,
    scan: id => scan(connection, keys_of(task_name(id))),
    health: () => connection.health(),
    close: () => connection.close(),
  }
}
