import { expect, it } from 'vitest'
import { auc } from '../../../operators/stats/ranking-measures.ts'
import {
  learn_case,
  new_streaming_model,
  type StreamingOptions,
  standardised,
  streaming_defaults,
  streaming_probability,
} from '../../../operators/stats/streaming-logistic.ts'
import { random_of } from '../quality/market.ts'

const sgd: StreamingOptions = { rule: 'sgd', rate: 0.5, intercept_rate: 0.1, l2: 0 }

it('two cases by hand', () => {
  const first = learn_case(new_streaming_model(1), [3], 1, sgd)
  // One value has no spread: the column says nothing yet, the intercept moves by 0.1 × (1 - 0.5).
  expect(first).toEqual({ seen: 1, means: [3], variances: [0], weights: [0.05, 0], slopes: [0.25, 0] })
  const second = learn_case(first, [7], 0, sgd)
  expect([second.means, second.variances]).toEqual([[5], [4]])
  expect(standardised(second, [7])).toEqual([1])
  const p = 1 / (1 + Math.exp(-0.05))
  expect(second.weights[0]).toBeCloseTo(0.05 - 0.1 * p, 12)
  expect(second.weights[1]).toBeCloseTo(-0.5 * p, 12)
})

it('AdaGrad’s first step is the rate, whatever the slope', () => {
  const seen = { ...new_streaming_model(1), seen: 2, means: [0], variances: [1] }
  const { weights } = learn_case(seen, [0.7], 1)
  expect(weights[0]).toBeCloseTo(0.1, 12)
  expect(weights[1]).toBeCloseTo(0.1, 12)
})

it('a case of weight 0 changes nothing, one of a known logit little', () => {
  const model = learn_case(learn_case(new_streaming_model(1), [1], 1), [2], 0)
  expect(learn_case(model, [1], 1, streaming_defaults, { weight: 0 })).toEqual(model)
  const known = learn_case(model, [1], 1, sgd, { offset: 20 })
  expect(known.weights[0]).toBeCloseTo(model.weights[0]!, 6)
  expect(() => learn_case(model, [1, 2], 1)).toThrow(RangeError)
})

/** Cases of five columns of very different size, of which two matter; behind `turn` the other way round. */
const planted = (seed: number, n: number, turn = n) => {
  const random = random_of(seed)
  return Array.from({ length: n }, (_, i) => {
    const x = [0, 1, 2, 3, 4].map(() => 2 * random() - 1)
    const sum = (i < turn ? 3 : -3) * (x[0]! - x[1]!)
    return { row: x.map((v, j) => v * 10 ** j), outcome: random() < 1 / (1 + Math.exp(-sum)) ? 1 : 0 }
  })
}
const asked = (cases: ReturnType<typeof planted>, options: StreamingOptions): number[] => {
  let model = new_streaming_model(5)
  return cases.map(({ row, outcome }) => {
    const p = streaming_probability(model, row)
    model = learn_case(model, row, outcome, options)
    return p
  })
}
const auc_of = (
  cases: ReturnType<typeof planted>,
  options: StreamingOptions,
  from: number,
  to?: number,
): number =>
  auc(
    asked(cases, options).slice(from, to),
    cases.slice(from, to).map(({ outcome }) => outcome),
  )

it('learns, whatever the size of the columns, and better than one step for all', () => {
  const runs = [1, 2, 3].map(seed => planted(seed, 1500))
  const mean = (options: StreamingOptions): number =>
    runs.reduce((sum, cases) => sum + auc_of(cases, options, 300) / runs.length, 0)
  expect(mean(streaming_defaults)).toBeGreaterThan(0.83)
  for (const rate of [0.005, 0.5])
    expect(mean(streaming_defaults)).toBeGreaterThan(mean({ ...sgd, rate, intercept_rate: rate }))
})

it('with a memory it follows a truth that turns round sooner', () => {
  const cases = planted(4, 3600, 3000)
  const behind = (options: StreamingOptions): number => auc_of(cases, options, 3300)
  const forgetful = behind({ ...streaming_defaults, memory: 100 })
  expect(forgetful).toBeGreaterThan(0.7)
  expect(forgetful).toBeGreaterThan(behind(streaming_defaults) + 0.2)
})
