/**
 * Chance that can be repeated: a xorshift generator of 128 bits, seeded by mixing whole numbers, so that
 * every visitor has a stream of its own and nobody's luck depends on how many others there were.
 */

/** One 32-bit word from two, each bit of both changing about half of it (multiply and shift, twice). */
const mix = (hash: number, word: number): number => {
  let mixed = (hash ^ Math.imul(word | 0, 0x9e3779b1)) + 0x7f4a7c15
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

export class Random {
  #a = 0
  #b = 0
  #c = 0
  #d = 0

  /** The same words give the same numbers, on every machine. */
  constructor(...words: readonly number[]) {
    let hash = 0x2545f491
    // A word beyond 32 bits (an instant) counts with both halves.
    for (const word of words) hash = mix(mix(hash, word), Math.floor(word / 2 ** 32))
    this.#a = hash = mix(hash, 1)
    this.#b = hash = mix(hash, 2)
    this.#c = hash = mix(hash, 3)
    // All zero would stay zero.
    this.#d = mix(hash, 4) | 1
    for (let i = 0; i < 4; i++) this.next()
  }

  /** At least 0, below 1. */
  next(): number {
    let word = this.#a ^ (this.#a << 11)
    word ^= word >>> 8
    this.#a = this.#b
    this.#b = this.#c
    this.#c = this.#d
    this.#d = this.#d ^ (this.#d >>> 19) ^ word
    return (this.#d >>> 0) / 2 ** 32
  }

  chance(ratio: number): boolean {
    return this.next() < ratio
  }

  /** A number between the two. */
  between(least: number, most: number): number {
    return least + (most - least) * this.next()
  }

  /** A whole number from least to most, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)] as T
  }

  /** Picks by weight. */
  weighted<T extends { readonly weight: number }>(list: readonly T[]): T {
    let rest = this.next() * list.reduce((sum, { weight }) => sum + weight, 0)
    for (const each of list) {
      rest -= each.weight
      if (rest < 0) return each
    }
    return list.at(-1) as T
  }

  /** Mean 0, deviation 1. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    return radius * Math.cos(2 * Math.PI * this.next())
  }

  /** Time until something that happens once per `mean` on average. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next())
  }

  /** How often something of this mean happens. For small means: it counts one by one. */
  poisson(mean: number): number {
    const limit = Math.exp(-mean)
    let count = 0
    for (let product = this.next(); product > limit; product *= this.next()) count++
    return count
  }
}
