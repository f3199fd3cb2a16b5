/** What a campaign has done and seen; kept in a file, so that it goes on where it was. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Place } from './field.ts'
import { add_counts, add_metrics, type Metered, no_metrics } from './metered.ts'

/** All counts are of faults and records that a check has passed since. */
export interface Kept {
  readonly counts: Readonly<Record<string, number>>
  readonly metered: Metered
  readonly seconds: number
  readonly runs: number
}

const nothing: Kept = { counts: {}, metered: no_metrics(), seconds: 0, runs: 0 }

export class Counters {
  readonly #file: string | null
  /** Before this run. */
  readonly earlier: Kept
  readonly #counts: Record<string, number> = {}
  #owners = new Map<string, string>()

  constructor(file: string | null) {
    this.#file = file
    this.earlier = file && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept) : nothing
  }

  add(name: string, by = 1): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + by
  }

  set(name: string, count: number): void {
    this.#counts[name] = count
  }

  /** Of all runs. */
  get(name: string): number {
    return (this.earlier.counts[name] ?? 0) + (this.#counts[name] ?? 0)
  }

  /** A task that another worker does now than when it was last looked at has been taken over. */
  note_owners(live: ReadonlyMap<string, Place>): void {
    for (const [task, { worker }] of live) {
      const before = this.#owners.get(task)
      if (before !== undefined && before !== worker) this.add('takeovers')
      this.#owners.set(task, worker)
    }
  }

  total(metered: Metered, seconds: number): Kept {
    return {
      counts: add_counts(this.earlier.counts, this.#counts),
      metered: add_metrics(this.earlier.metered, metered),
      seconds: this.earlier.seconds + seconds,
      runs: this.earlier.runs + 1,
    }
  }

  /** Whole or not at all: only ever called after a check that found nothing. */
  save(kept: Kept): void {
    if (!this.#file) return
    const draft = `${this.#file}.${process.pid}.tmp`
    writeFileSync(draft, `${JSON.stringify(kept, null, 2)}\n`)
    renameSync(draft, this.#file)
  }
}
