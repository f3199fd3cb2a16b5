/** What every StateStore refuses before it writes anything, so that all of them refuse the same; and the log of none. */
import type { CheckpointHeader, EntityWrite, TaskId } from './ports.ts'

/** Of an entity's key and one field's name together, in UTF-8: what the narrowest adapter can index. */
const NAME_BYTES_MAX = 1600

/**
 * `{app}.{key group}.{partition}`.
 * @throws Error for names that would make two tasks one, or break the tag that keeps a task in one Redis slot
 */
export const task_name = ({ app, group, partition }: TaskId): string => {
  if (!/^[\w.-]{1,100}$/.test(app))
    throw new Error(`'${app}' is no name of an app: letters, digits, _ - . only`)
  if (!/^[\w-]{1,100}$/.test(group))
    throw new Error(`'${group}' is no name of a key group: letters, digits, _ - only`)
  if (!Number.isSafeInteger(partition) || partition < 0) throw new Error(`${partition} is no partition`)
  return `${app}.${group}.${partition}`
}

/** @throws Error for an entity key that cannot be stored and read back as it is */
export const check_key = (key: string): void => {
  if (key === '') throw new Error('an entity needs a key')
  if (!key.isWellFormed()) throw new Error('an entity key is not well-formed Unicode')
  if (3 * key.length > NAME_BYTES_MAX && Buffer.byteLength(key) > NAME_BYTES_MAX)
    throw new Error(`the entity key ${key.slice(0, 40)}… is longer than ${NAME_BYTES_MAX} bytes`)
}

/** Names the log of a checkpoint that a restore or a rebuild is still putting together: cut short, it is wiped. */
export const UNFINISHED = 'unfinished'

const check_seq = (seq: number, what: string): void => {
  if (!Number.isSafeInteger(seq) || seq < 0) throw new Error(`${what} is ${seq}, not a batch's number`)
}

/** @throws Error naming the first argument of a save that is wrong */
export const check_save = (
  from: number | null,
  to: CheckpointHeader,
  writes: readonly EntityWrite[],
): void => {
  if (from !== null) check_seq(from, 'from')
  check_seq(to.seq, "the header's seq")
  if (!Number.isFinite(to.digest)) throw new Error(`the header's digest is ${to.digest}`)
  for (const { key, fields } of writes) {
    check_key(key)
    for (const [field, value] of fields) {
      if (field === '' || !field.isWellFormed()) throw new Error(`a field of ${key} has no usable name`)
      // No text has more than three bytes a unit: most need not be measured.
      const long = 3 * (key.length + field.length) > NAME_BYTES_MAX
      if (long && Buffer.byteLength(key) + Buffer.byteLength(field) > NAME_BYTES_MAX)
        throw new Error(`key and field of ${key.slice(0, 40)}… are longer than ${NAME_BYTES_MAX} bytes`)
      if (value !== null && !Buffer.isBuffer(value)) throw new Error(`field ${field} of ${key} is not bytes`)
    }
  }
}

/** Whether two headers name the same checkpoint. */
export const same_checkpoint = (a: CheckpointHeader, b: CheckpointHeader): boolean =>
  a.seq === b.seq && a.digest === b.digest && a.nonce === b.nonce
