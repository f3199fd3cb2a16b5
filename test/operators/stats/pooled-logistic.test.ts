import { expect, it } from 'vitest'
import {
  learn_pooled,
  new_pooled_model,
  new_pooled_source,
  type PooledModel,
  type PooledSource,
  pooled_defaults,
  pooled_probability,
  trust_in,
} from '../../../operators/stats/pooled-logistic.ts'
import { random_of } from '../quality/market.ts'

interface Learned {
  readonly model: PooledModel
  readonly sources: ReadonlyMap<string, PooledSource>
}
type Answer = (x: number, dice: number) => boolean
const honest =
  (level: number): Answer =>
  (x, dice) =>
    dice < 1 / (1 + Math.exp(-(level + 4 * x)))

/** n cases of one column (-1 to 1), each by the next of the sources. The same cases and dice whoever answers. */
const learned = (n: number, answers: Readonly<Record<string, Answer>>): Learned => {
  const random = random_of(11)
  const names = Object.keys(answers)
  const sources = new Map<string, PooledSource>()
  let model = new_pooled_model(1, STEADY)
  for (let i = 0; i < n; i++) {
    const name = names[i % names.length]!
    const [x, dice] = [2 * random() - 1, random()]
    const after = learn_pooled(model, sources.get(name), [x], answers[name]!(x, dice) ? 1 : 0, STEADY)
    model = after.model
    sources.set(name, after.source)
  }
  return { model, sources }
}
/** A truth that stays: cases of long ago count as well. */
const STEADY = {
  ...pooled_defaults,
  prior_variance: 10,
  memory: 20_000,
  part_memory: 20_000,
  source_memory: 1000,
  surprise_most: Number.POSITIVE_INFINITY,
}

const crowd = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`b${i}`, honest((i - 4) / 4)]))
const probability = ({ model, sources }: Learned, name: string, x: number): number =>
  pooled_probability(model, sources.get(name), [x])

it('one model for all, and a level for each', () => {
  const all = learned(3000, crowd)
  for (const x of [-0.5, 0.5])
    expect(Math.abs(probability(all, 'b4', x) - 1 / (1 + Math.exp(-4 * x)))).toBeLessThan(0.1)
  for (const x of [-0.5, 0, 0.5])
    expect(probability(all, 'b8', x) - probability(all, 'b0', x)).toBeGreaterThan(0.1)
  // A source that nobody has heard of is as the others together.
  expect(probability(all, 'new', 0.5)).toBeGreaterThan(0.7)
})

it('the level’s first step by hand: what is missing by the precision that the answer adds', () => {
  const { source, trust } = learn_pooled(new_pooled_model(1), undefined, [0], 0)
  expect(source).toMatchObject({ yes: 0, answers: 1, volume: 1, at_case: 0 })
  // p = 1/2, precision 1 / 0.5 + 1/4.
  expect(source.level).toBeCloseTo(-0.5 / 2.25, 12)
  // Said 1/2 of it, as its own past share of none would.
  expect([source.gain, trust]).toEqual([0, 1])
})

it.each<[string, Answer]>([
  ['rejects everything', () => false],
  ['accepts everything', () => true],
  ['answers by a coin', (_, dice) => dice < 0.5],
  ['says the contrary', (x, dice) => !honest(0)(x, dice)],
])('one of ten that %s is not followed', (_, answer) => {
  const clean = learned(3000, { ...crowd, b9: honest(0) })
  const poisoned = learned(3000, { ...crowd, b9: answer })
  for (const name of ['b0', 'b4', 'b8'])
    for (const x of [-0.8, -0.4, 0, 0.4, 0.8])
      expect(Math.abs(probability(poisoned, name, x) - probability(clean, name, x))).toBeLessThan(0.08)
  expect(trust_in(clean.model, clean.sources.get('b9'))).toBeGreaterThan(0.6)
  expect(trust_in(poisoned.model, poisoned.sources.get('b9'))).toBeLessThan(0.4)
})

it('but is known for what it does: who rejects everything is given nothing', () => {
  const poisoned = learned(3000, { ...crowd, b9: () => false })
  expect(probability(poisoned, 'b9', 0.8)).toBeLessThan(0.2)
})

it('nobody is disbelieved while nothing is known, nor where answers follow nothing', () => {
  expect(trust_in(new_pooled_model(1), { ...new_pooled_source, answers: 50, gain: -20 })).toBe(1)
  const blind = learned(2000, { a: (_, dice) => dice < 0.6, b: (_, dice) => dice < 0.6 })
  expect(trust_in(blind.model, blind.sources.get('a'))).toBe(1)
})

it('who answers most is not followed most', () => {
  // One of twenty has nine of ten answers, and looks at a second column that the others do not care for.
  const random = random_of(3)
  const sources = new Map<string, PooledSource>()
  let model = new_pooled_model(2, STEADY)
  for (let i = 0; i < 4000; i++) {
    const name = i % 10 === 0 ? `b${(i / 10) % 19}` : 'loud'
    const [x, y, dice] = [2 * random() - 1, 2 * random() - 1, random()]
    const logit = 3 * x + (name === 'loud' ? 3 * y : 0)
    const outcome = dice < 1 / (1 + Math.exp(-logit)) ? 1 : 0
    const after = learn_pooled(model, sources.get(name), [x, y], outcome, STEADY)
    model = after.model
    sources.set(name, after.source)
  }
  const [, first, second] = model.shared.weights
  // 0.85 were every answer counted as one.
  expect(second! / first!).toBeLessThan(0.81)
})

/** Ten sources of one truth, which turns round from case `turn` on; or only the last answers otherwise from then on. */
const turned = (n: number, turn: number, last: Answer | null, options = pooled_defaults) => {
  const random = random_of(5)
  const sources = new Map<string, PooledSource>()
  let model = new_pooled_model(1, options)
  const widened: number[] = []
  for (let i = 0; i < n; i++) {
    const name = `b${i % 10}`
    const [x, dice] = [2 * random() - 1, random()]
    const truth = honest(1)
    const said = last && i >= turn && name === 'b9' ? last(x, dice) : truth(!last && i >= turn ? -x : x, dice)
    const after = learn_pooled(model, sources.get(name), [x], said ? 1 : 0, options)
    if (after.model.shared.covariance[2]! > 4 * model.shared.covariance[2]!) widened.push(i - turn)
    model = after.model
    sources.set(name, after.source)
  }
  return { widened, slope: model.shared.weights[1]! }
}

it('a truth that turns round is noticed within fifty cases, and learned anew within a hundred', () => {
  const { widened, slope } = turned(700, 600, null)
  expect(widened.filter(n => n >= 0 && n < 50)).not.toEqual([])
  expect([turned(600, 600, null).slope > 2, slope < -1.5]).toEqual([true, true])
  // It comes there later by forgetting alone.
  const slow = turned(700, 600, null, { ...pooled_defaults, surprise_most: Number.POSITIVE_INFINITY })
  expect(slow.slope).toBeGreaterThan(slope + 1)
})

it('one of ten that begins to reject everything, or to say the contrary, does not unsettle the model', () => {
  for (const lie of [() => false, (x: number, dice: number) => !honest(1)(x, dice)] as const) {
    const { widened, slope } = turned(1200, 600, lie)
    expect([widened.filter(n => n >= 0), slope > 3]).toEqual([[], true])
  }
})

it('what an answer costs above expectation adds up, less what is allowed, and never below 0', () => {
  const model = new_pooled_model(1)
  // Said 1/2: an answer costs what was expected of it.
  expect(learn_pooled(model, undefined, [0], 0).model.surprise).toBe(0)
  const sure = { ...model, shared: { weights: [3, 0], covariance: [0, 0, 0] }, surprise: 1 }
  const p = pooled_probability(sure, undefined, [0])
  const expected = -p * Math.log(p) - (1 - p) * Math.log(1 - p)
  const after = (outcome: number) => learn_pooled(sure, undefined, [0], outcome).model.surprise
  expect(after(1)).toBeCloseTo(1 - Math.log(p) - expected - 0.05, 9)
  expect(after(0)).toBeCloseTo(1 + Math.min(2, -Math.log(1 - p) - expected) - 0.05, 9)
  expect(learn_pooled({ ...sure, surprise: 0 }, undefined, [0], 1).model.surprise).toBe(0)
  const full = learn_pooled({ ...sure, surprise: 4.9 }, undefined, [0], 0).model
  expect(full.surprise).toBe(0)
  expect(full.shared.covariance[2]).toBeCloseTo(2, 2)
})

it('learning is pure', () => {
  const model = Object.freeze(new_pooled_model(1))
  const source = Object.freeze({ ...new_pooled_source })
  learn_pooled(model, source, Object.freeze([0.3]), 1)
  expect(model).toEqual(new_pooled_model(1, pooled_defaults))
  expect(source).toEqual(new_pooled_source)
})
