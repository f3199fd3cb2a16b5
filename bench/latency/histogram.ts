/** Times in logarithmic buckets, each 1 % wider than the one before: what is read from it is at most 0.5 % off. */

const RATIO = Math.log(1.01)
/** Of the first bucket. */
const LEAST_MS = 0.001
const BUCKETS = 2400

export interface Quantiles {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

export class Histogram {
  readonly #buckets = new Uint32Array(BUCKETS)
  #count = 0
  #max = 0

  add(ms: number): void {
    const bucket = ms <= LEAST_MS ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(ms / LEAST_MS) / RATIO))
    this.#buckets[bucket] = this.#buckets[bucket]! + 1
    this.#count++
    if (ms > this.#max) this.#max = ms
  }

  /** The middle of the bucket in which the value lies that so many are not above. */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(share * this.#count))
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#buckets[bucket]!
      if (seen >= wanted) return Math.min(this.#max, LEAST_MS * Math.exp((bucket - 0.5) * RATIO))
    }
    return this.#max
  }

  quantiles(): Quantiles {
    const [p50, p99, p999] = [0.5, 0.99, 0.999].map(share => this.quantile(share)) as [number, number, number]
    return { count: this.#count, p50, p99, p999, max: this.#max }
  }
}
