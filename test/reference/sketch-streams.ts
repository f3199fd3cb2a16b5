/** The streams of the reference data's sketches, made again from their seeds (README of the data). */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { random_of } from '../operators/anomaly/simulated-metric.ts'
import type { Reference } from './near.ts'

const REFERENCE_DATA = process.env.REFERENCE_DATA ?? join(import.meta.dirname, '../../../shared/data')
export const present = existsSync(join(REFERENCE_DATA, 'sketches'))
if (!present && process.env.CI) throw new Error(`no reference data at ${REFERENCE_DATA}`)
if (!present) console.log(`skipped: no reference data at ${REFERENCE_DATA} (set REFERENCE_DATA)`)

export const answer_of = (id: string): Reference => {
  const text = readFileSync(join(REFERENCE_DATA, 'sketches/expected.json'), 'utf8')
  return (JSON.parse(text) as { cases: readonly Reference[] }).cases.find(each => each.id === id)!
}

export const normal_of = (random: () => number) => (): number => {
  const first = random()
  return Math.sqrt(-2 * Math.log(1 - first)) * Math.cos(2 * Math.PI * random())
}
const rounded = (value: number): number => Math.round(value * 1e4) / 1e4

/** Normal values whose mean and deviation are others from some index on. */
export const shifting = (
  seed: number,
  n: number,
  shifts: readonly (readonly [index: number, level: number, deviation: number])[],
): number[] => {
  const normal = normal_of(random_of(seed))
  return Array.from({ length: n }, (_, i) => {
    const [, level, deviation] = shifts.findLast(([index]) => i >= index) ?? [0, 0, 1]
    return rounded(level + deviation * normal())
  })
}

export const lognormal = (seed: number, n: number): number[] => {
  const normal = normal_of(random_of(seed))
  return Array.from({ length: n }, () => rounded(Math.exp(3 + 1.2 * normal())))
}

/** Ids 0 … k − 1, the i-th as often as (i + 1) to the power of −1.1. */
export const zipf = (seed: number, n: number, k: number): number[] => {
  const random = random_of(seed)
  const upto = new Float64Array(k)
  let sum = 0
  for (let i = 0; i < k; i++) upto[i] = sum += (i + 1) ** -1.1
  return Array.from({ length: n }, () => {
    const place = random() * sum
    let [low, high] = [0, k - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((upto[middle] as number) < place) low = middle + 1
      else high = middle
    }
    return low
  })
}
