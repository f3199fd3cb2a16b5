/**
 * How a record's key follows from its body, and its partition from its key. Emitters, ingest, tasks and
 * import must agree to the byte: one customer on two partitions would be two customers.
 */
import type { TopicSpec } from '../schemas/topics.ts'

/** The fields a key may be formed from; times are epoch milliseconds. */
export interface KeyFields {
  readonly tenant_id?: string | null | undefined
  readonly customer_id?: string | null | undefined
  readonly anonymous_id?: string | null | undefined
  readonly kind?: string | null | undefined
  readonly id?: string | null | undefined
  readonly metric?: string | null | undefined
  readonly currency?: string | null | undefined
  readonly dimension?: string | null | undefined
  readonly effective_at?: number | null | undefined
  readonly revision?: number | null | undefined
}

/**
 * The key of a row: `tenant|customer_id` or `tenant|~anonymous_id`, `tenant`,
 * `tenant|metric|currency|dimension`, or `kind|id|effective_at|revision`. Throws RangeError naming the field that is missing, TypeError when the
 * topic is keyed by something else.
 */
export const key_of = (spec: Pick<TopicSpec, 'keyed_by'>, row: KeyFields): string => {
  switch (spec.keyed_by) {
    case 'customer':
      return customer_key(row)
    case 'tenant':
      return present(row, 'tenant_id')
    case 'series':
      return [
        present(row, 'tenant_id'),
        present(row, 'metric'),
        row.currency ?? '',
        row.dimension ?? '',
      ].join('|')
    case 'catalog':
      return [present(row, 'kind'), present(row, 'id'), present(row, 'effective_at'), row.revision ?? 0].join(
        '|',
      )
    default:
      throw new TypeError(`no rule forms a key by ${spec.keyed_by}`)
  }
}

const customer_key = (row: KeyFields): string => {
  const tenant = present(row, 'tenant_id')
  if (row.customer_id) return `${tenant}|${row.customer_id}`
  if (row.anonymous_id) return `${tenant}|~${row.anonymous_id}`
  throw new RangeError('customer_id or anonymous_id is required')
}

const present = <K extends keyof KeyFields>(row: KeyFields, field: K): NonNullable<KeyFields[K]> => {
  const value = row[field]
  if (value === undefined || value === null || value === '') throw new RangeError(`${field} is required`)
  return value
}

/** Tenant part of a key; for keys of the groups customer, series and tenant. */
export const tenant_of = (key: string): string => {
  const bar = key.indexOf('|')
  return bar < 0 ? key : key.slice(0, bar)
}

/** The partition Kafka's default partitioner gives the key: `toPositive(murmur2(key)) % partitions`. */
export const partition_of = (key: Buffer, partitions: number, from = 0, to = key.length): number =>
  (murmur2(key, from, to) & 0x7fffffff) % partitions

const SEED = 0x9747b28c | 0
const MULTIPLIER = 0x5bd1e995

/** MurmurHash2, 32 bit, seeded as Kafka does, of the bytes from `from` to `to`; a signed integer. */
export const murmur2 = (key: Buffer, from = 0, to = key.length): number => {
  const length = to - from
  const tail = from + (length & ~3)
  let hash = SEED ^ length
  for (let i = from; i < tail; i += 4) {
    let word = key[i]! | (key[i + 1]! << 8) | (key[i + 2]! << 16) | (key[i + 3]! << 24)
    word = Math.imul(word, MULTIPLIER)
    word ^= word >>> 24
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER)
  }
  if (to > tail) {
    if (to - tail === 3) hash ^= key[tail + 2]! << 16
    if (to - tail >= 2) hash ^= key[tail + 1]! << 8
    hash = Math.imul(hash ^ key[tail]!, MULTIPLIER)
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER)
  return hash ^ (hash >>> 15)
}
