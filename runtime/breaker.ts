/**
 * Which pipelines fail too often to go on. Errors of the code count, records that an operator refuses do not: one emitter
 * of nonsense must not take a pipeline from all the others. What is counted is not kept over a restart; that a pipeline was
 * set aside is in the batch log.
 */

/** A pipeline trips at so many errors … */
const ERRORS_MAX = 100
/** … among about so many records: one in twenty, or a hundred in a row. */
const AMONG = 2000

interface Tally {
  errors: number
  records: number
}

export class Breaker {
  readonly #tallies = new Map<string, Tally>()
  #suspects = 0

  passed(pipeline: string): void {
    // Nearly always nobody has failed yet.
    if (this.#suspects > 0) this.#count(pipeline, 0)
  }

  failed(pipeline: string): void {
    if (!this.#tallies.has(pipeline)) {
      this.#tallies.set(pipeline, { errors: 0, records: 0 })
      this.#suspects++
    }
    this.#count(pipeline, 1)
  }

  /** Those that have tripped, in the order of their first failure. */
  tripped(): string[] {
    if (this.#suspects === 0) return []
    return [...this.#tallies].flatMap(([pipeline, { errors }]) => (errors >= ERRORS_MAX ? [pipeline] : []))
  }

  #count(pipeline: string, errors: number): void {
    const tally = this.#tallies.get(pipeline)
    if (!tally || tally.errors >= ERRORS_MAX) return
    tally.errors += errors
    tally.records++
    if (tally.records < AMONG || tally.errors >= ERRORS_MAX) return
    // The older half fades: neither a restart nor a list of every record is needed to forget.
    tally.errors /= 2
    tally.records /= 2
  }
}
