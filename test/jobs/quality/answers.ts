/** Buyers' answers of a planted truth, as the view quality_example has them, and the catalog that the trainer writes. */
import type { JobOutput, JobRow } from '../../../jobs/job.ts'
import { history_of } from '../../../jobs/quality/policy-history.ts'
import job from '../../../jobs/quality-training.ts'
import { factors, most_of_factor, type Weights } from '../../../operators/lead/weigh-factors.ts'
import { random_of } from '../../operators/quality/market.ts'

export const HOUR = 3_600_000
export const START = Date.UTC(2026, 0, 5)

export interface Truth {
  /** What a whole factor adds to the logit. */
  readonly effects: Weights
  readonly level: number
}
export const TIMING: Truth = { effects: { base: 1, behavior: 1, timing: 5, market: 1 }, level: -4 }

export interface Options {
  readonly seed: number
  readonly buyers?: number
  /** Rejects everything. */
  readonly poisoned?: string
}

/** One tenant whose leads are scored by its policy of the moment. */
export class Tenant {
  readonly examples: JobRow[] = []
  readonly policies: JobRow[] = []
  readonly written: JobOutput[] = []
  readonly #random: () => number
  readonly #levels: readonly number[]
  readonly #options: Options
  now = START

  constructor(options: Options) {
    this.#options = options
    this.#random = random_of(options.seed)
    this.#levels = Array.from({ length: options.buyers ?? 20 }, () => 1.5 * (this.#random() - 0.5))
  }

  /** n answers within the next six hours, then the trainer's run at their end. */
  live(n: number, truth: Truth): readonly JobOutput[] {
    for (let i = 0; i < n; i++) this.examples.push(this.answer(truth, this.now + (i * 6 * HOUR) / n))
    this.now += 6 * HOUR
    return this.train()
  }

  train(): readonly JobOutput[] {
    const outputs = job.run({ examples: this.examples, policies: this.policies }, this.now)
    for (const { row } of outputs) this.policies.push({ ...row, effective_ms: row.effective_at })
    this.written.push(...outputs)
    return outputs
  }

  get history() {
    return history_of('acme', this.policies)
  }

  answer({ effects, level }: Truth, answered_ms: number): JobRow {
    const random = this.#random
    const { policy } = this.history.champion
    const shares = factors.map(() => random())
    const buyer = Math.floor(random() * this.#levels.length)
    const buyer_id = `b${buyer}`
    const logit = factors.reduce(
      (sum, factor, k) => sum + effects[factor] * shares[k]!,
      level + this.#levels[buyer]!,
    )
    const dice = random()
    const accepted = buyer_id === this.#options.poisoned ? 0 : Number(dice < 1 / (1 + Math.exp(-logit)))
    const points = factors.map((factor, k) => (shares[k]! * most_of_factor(policy, factor)) / 100)
    return {
      ...{ tenant_id: 'acme', decision_id: `d${this.examples.length}`, buyer_id, accepted, answered_ms },
      ...{ price_minor: 20_000, trusted_ratio: 1, lead_policy_version: policy.version },
      ...Object.fromEntries(factors.map((factor, k) => [`${factor}_points`, points[k]!])),
    }
  }
}

export const body_of = ({ row }: JobOutput) =>
  JSON.parse(String(row.body)) as {
    version: string
    base: string
    reason: string
    table: { weights: Weights }
    calibration: [number, number][]
  }
