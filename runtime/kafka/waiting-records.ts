/**
 * What has been fetched of a partition and not been taken yet. Records become objects when they are looked at: those that wait
 * are numbers, which are no load for the garbage collector.
 */
import type { LogRecord } from '../ports.ts'
import { bytes_at, type Places, record_at } from './record-batch.ts'

const RECORD_OVERHEAD_BYTES = 64

const bytes_of = ({ key, value }: LogRecord): number => (key?.length ?? 0) + (value?.length ?? 0)

/** Records of one fetched batch, or some that stand for one that cannot be read. */
type Part = Places | (readonly LogRecord[] & { readonly numbers?: undefined })

const count_of = (part: Part): number => (part.numbers ? part.count : part.length)

export class WaitingRecords {
  length = 0
  /** Of keys, values, and what a record costs besides. */
  bytes = 0
  #parts: Part[] = []
  /** Records of the first part that have been taken. */
  #taken = 0
  // The part looked at last, and its first record's index, counted from the first part's first.
  #part = 0
  #base = 0

  add(part: Part): void {
    const count = count_of(part)
    if (count === 0) return
    this.#parts.push(part)
    this.length += count
    const bytes = part.numbers ? part.bytes : part.reduce((sum, record) => sum + bytes_of(record), 0)
    this.bytes += bytes + count * RECORD_OVERHEAD_BYTES
  }

  at(i: number): LogRecord | undefined {
    if (i < 0 || i >= this.length) return undefined
    const index = this.#taken + i
    const part = this.#part_of(index)
    return part.numbers ? record_at(part, index - this.#base) : part[index - this.#base]
  }

  #part_of(index: number): Part {
    if (index < this.#base) {
      this.#part = 0
      this.#base = 0
    }
    for (;;) {
      const part = this.#parts[this.#part] as Part
      const count = count_of(part)
      if (index < this.#base + count) return part
      this.#base += count
      this.#part++
    }
  }

  /** Takes the first `count`, or all that there are. */
  skip(count: number): void {
    for (let left = Math.min(count, this.length); left > 0; ) {
      const part = this.#parts[0] as Part
      const all = count_of(part)
      const some = Math.min(left, all - this.#taken)
      for (let i = this.#taken; i < this.#taken + some; i++)
        this.bytes -=
          (part.numbers ? bytes_at(part, i) : bytes_of(part[i] as LogRecord)) + RECORD_OVERHEAD_BYTES
      left -= some
      this.length -= some
      this.#taken += some
      if (this.#taken < all) continue
      this.#parts.shift()
      this.#taken = 0
      this.#part = 0
      this.#base = 0
    }
  }

  clear(): void {
    this.#parts = []
    this.#taken = 0
    this.#part = 0
    this.#base = 0
    this.length = 0
    this.bytes = 0
  }
}
