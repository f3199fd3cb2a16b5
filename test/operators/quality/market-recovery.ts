/**
 * How acceptance comes back after a shift of what buyers accept. Time is the answers about leads since the shift that the router has
 * heard: what it offers before the first of them it cannot know better. Recovered: of what it offers when it has heard 300 to 600, the
 * share accepted is at least 97 % of that of its last 600 offers of leads before the shift.
 */
import { type Answered, acceptance_of } from './market.ts'

export const RECOVERED = 0.97
const BEFORE = 600
export const STEP = 100
export const STEPS = 9
const [FROM, TO] = [300, 600]

export interface Recovery {
  readonly before: number
  /** Of 300 to 600 answers heard. */
  readonly back: number
  /** By hundreds of answers heard. */
  readonly course: readonly number[]
}

export const recovery_of = (answers: readonly Answered[], shift_at: number): Recovery => {
  const since = answers.filter(({ lead }) => lead >= shift_at)
  const accepted_of = (from: number, to: number): number =>
    acceptance_of(since.filter(({ heard }) => heard >= from && heard < to))
  return {
    before: acceptance_of(answers.filter(({ lead }) => lead < shift_at).slice(-BEFORE)),
    back: accepted_of(FROM, TO),
    course: Array.from({ length: STEPS }, (_, i) => accepted_of(i * STEP, (i + 1) * STEP)),
  }
}

export interface Estimate {
  readonly mean: number
  /** Standard error of the mean. */
  readonly error: number
}
export const estimate_of = (numbers: readonly number[]): Estimate => {
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length
  const squares = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0)
  return { mean, error: Math.sqrt(squares / (numbers.length - 1) / numbers.length) }
}
