/**
 * Kafka's default partitioner once more, written from its definition, so that the oracle does not trust the
 * one under test.
 */

const MASK = 0xffffffffn
const M = 0x5bd1e995n

/** Partition of a key among `partitions`. */
export const murmur2_partition = (key: Buffer, partitions: number): number => {
  const text = key.toString('latin1')
  const known = cache.get(text)
  if (known !== undefined) return known % partitions
  const hash = Number(murmur2(key) & 0x7fffffffn)
  cache.set(text, hash)
  return hash % partitions
}
const cache = new Map<string, number>()

const murmur2 = (key: Buffer): bigint => {
  let hash = (0x9747b28cn ^ BigInt(key.length)) & MASK
  const whole = key.length - (key.length % 4)
  for (let i = 0; i < whole; i += 4) {
    let word = (BigInt(key.readUInt32LE(i)) * M) & MASK
    word ^= word >> 24n
    word = (word * M) & MASK
    hash = ((hash * M) & MASK) ^ word
  }
  for (let i = key.length - 1; i >= whole; i--) hash ^= BigInt(key[i] ?? 0) << BigInt(8 * (i - whole))
  if (whole < key.length) hash = (hash * M) & MASK
  hash ^= hash >> 13n
  hash = (hash * M) & MASK
  return hash ^ (hash >> 15n)
}
