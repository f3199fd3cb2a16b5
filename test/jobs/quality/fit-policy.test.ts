import { expect, it } from 'vitest'
import { example_of } from '../../../jobs/quality/examples.ts'
import { fit_policy, LEAST_ANSWERS, STEP } from '../../../jobs/quality/fit-policy.ts'
import { factors, type Weights } from '../../../operators/lead/weigh-factors.ts'
import { START, Tenant, TIMING, type Truth } from './answers.ts'

const SEED_WEIGHTS: Weights = { base: 40, behavior: 30, timing: 20, market: 10 }
const examples_of = (n: number, truth: Truth = TIMING, poisoned?: string) => {
  const tenant = new Tenant({ seed: 5, ...(poisoned ? { poisoned } : {}) })
  return Array.from({ length: n }, () => example_of(tenant.answer(truth, START), new Map()))
}
const sum = (weights: Weights): number => factors.reduce((all, factor) => all + weights[factor], 0)

it('moves each factor at most a step, towards what counts, and sums to 100', () => {
  const fitted = fit_policy(examples_of(1000), SEED_WEIGHTS, START)!
  expect(fitted.weights.timing).toBeCloseTo(20 + STEP, 9)
  for (const factor of factors)
    expect(Math.abs(fitted.weights[factor] - SEED_WEIGHTS[factor])).toBeLessThanOrEqual(STEP + 1e-9)
  expect(sum(fitted.weights)).toBeCloseTo(100, 9)
  expect([fitted.answers, fitted.buyers]).toEqual([1000, 20])
})

it('step by step it arrives at the truth, one part in eight of 1, 1, 5, 1', () => {
  let weights = SEED_WEIGHTS
  const examples = examples_of(6000)
  for (let i = 0; i < 15; i++) weights = fit_policy(examples, weights, START)!.weights
  expect(Math.abs(weights.timing - 62.5)).toBeLessThan(5)
  for (const factor of ['base', 'behavior', 'market'] as const)
    expect(Math.abs(weights[factor] - 12.5)).toBeLessThan(5)
})

it('a factor that does harm keeps a little, never less than nothing', () => {
  const harm: Truth = { effects: { base: 4, behavior: -3, timing: 2, market: 1 }, level: -1 }
  let weights = SEED_WEIGHTS
  const examples = examples_of(2000, harm)
  for (let i = 0; i < 15; i++) weights = fit_policy(examples, weights, START)!.weights
  expect(weights.behavior).toBeGreaterThan(1)
  expect(weights.behavior).toBeLessThan(4)
})

it('a factor of weight 0 stays there: it has no signals to be learned by', () => {
  const basic: Weights = { base: 60, behavior: 40, timing: 0, market: 0 }
  const { weights } = fit_policy(examples_of(1000), basic, START)!
  expect([weights.timing, weights.market]).toEqual([0, 0])
  expect(sum(weights)).toBeCloseTo(100, 9)
})

it('a buyer that rejects everything moves no factor by a point', () => {
  const clean = fit_policy(examples_of(4000), { ...SEED_WEIGHTS, base: 17, timing: 43 }, START)!
  const poisoned = fit_policy(
    examples_of(4000, TIMING, 'b3'),
    { ...SEED_WEIGHTS, base: 17, timing: 43 },
    START,
  )!
  for (const factor of factors)
    expect(Math.abs(poisoned.weights[factor] - clean.weights[factor])).toBeLessThan(1)
})

it('the curve rises and says what was answered', () => {
  const examples = examples_of(4000)
  const { calibration } = fit_policy(examples, SEED_WEIGHTS, START)!
  for (const [i, [score, p]] of calibration.entries()) {
    expect(p).toBeGreaterThan(0)
    expect(p).toBeLessThan(1)
    if (i === 0) continue
    expect(score).toBeGreaterThan(calibration[i - 1]![0])
    expect(p).toBeGreaterThanOrEqual(calibration[i - 1]![1])
  }
  const share = examples.reduce((all, { accepted }) => all + accepted, 0) / examples.length
  expect(calibration[0]![1]).toBeLessThan(share)
  expect(calibration.at(-1)![1]).toBeGreaterThan(share)
})

it('says nothing after few answers, or answers of one kind', () => {
  const examples = examples_of(LEAST_ANSWERS)
  expect(fit_policy(examples, SEED_WEIGHTS, START)).not.toBeNull()
  expect(fit_policy(examples.slice(1), SEED_WEIGHTS, START)).toBeNull()
  const happy = examples.map(example => ({ ...example, accepted: 1 as const }))
  expect(fit_policy(happy, SEED_WEIGHTS, START)).toBeNull()
  const nobody = examples.map(example => ({ ...example, trusted_ratio: 0 }))
  expect(fit_policy(nobody, SEED_WEIGHTS, START)).toBeNull()
})
