import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import avro from 'avsc'
import { expect, test } from 'vitest'
import {
  judge_value,
  new_detector,
  shipped,
  THRESHOLD,
  WARM,
} from '../../../operators/anomaly/judge-series.ts'
import { SIGNALS } from '../../../operators/anomaly/series-signals.ts'
import type { AnomalyDetector } from '../../../schemas/types.ts'
import { hours, minutes } from '../../../schemas/units.ts'
import { random_of } from '../quality/market.ts'

const START = Date.UTC(2026, 0, 5)
const WEEKS = 6
const made = (seed: number, change: (value: number, i: number) => number = x => x) => {
  const random = random_of(seed)
  return Array.from({ length: WEEKS * 168 }, (_, i) => {
    const noise = 1 + 0.1 * (random() + random() + random() - 1.5)
    return change(1000 * (1 + 0.6 * Math.cos((2 * Math.PI * (i - 14)) / 24)) * noise, i)
  })
}
const judged = (values: readonly number[], every_ms = hours(1), season = 0) => {
  let state = new_detector(season)
  return values.map((value, i) => {
    const one = judge_value(state, START + i * every_ms, value)
    state = one.state
    return { ...one.verdict, i, state }
  })
}
const told = (values: readonly number[], every_ms?: number) =>
  judged(values, every_ms).filter(one => one.anomaly)
const AT = 4 * 168 + 50

test.each([
  ['spike', (x: number, i: number) => (i >= AT && i < AT + 2 ? 4 * x : x), ['spike'], 2],
  ['outage', (x: number, i: number) => (i >= AT && i < AT + 4 ? 0.02 * x : x), ['drop'], 4],
  [
    'halved day',
    (x: number, i: number) => (i >= AT && i < AT + 24 ? 0.5 * x : x),
    ['drop', 'level_shift'],
    8,
  ],
  ['new level', (x: number, i: number) => (i >= AT ? 1.8 * x : x), ['spike', 'level_shift'], 8],
  [
    'standing still',
    (x: number, i: number) => (i >= AT && i < AT + 14 ? 1400 : x),
    ['spike', 'drop', 'unusual', 'level_shift'],
    14,
  ],
])('%s is told soon, by a name that fits', (_, change, names, within) => {
  for (const seed of [1, 2, 3]) {
    const first = told(made(seed, change)).find(one => one.i >= AT)
    expect(first, `seed ${seed}`).toBeDefined()
    expect(first!.i - AT, `seed ${seed}`).toBeLessThanOrEqual(within)
    expect(names, `seed ${seed}`).toContain(first!.pattern)
    expect(first!.score).toBeGreaterThanOrEqual(THRESHOLD)
  }
})

test('what was told keeps silent while it lasts: a new level of two weeks is told a few times, then it is usual', () => {
  const late = told(made(4, (x, i) => (i >= AT ? 1.8 * x : x))).filter(one => one.i >= AT)
  expect(late.length).toBeLessThanOrEqual(6)
  expect(late.filter(one => one.i > AT + 168)).toEqual([])
})

test('a quiet series is hardly ever told, whatever its noise', () => {
  let alarms = 0
  for (let seed = 10; seed < 20; seed++) alarms += told(made(seed)).length
  expect(alarms / (10 * WEEKS)).toBeLessThan(0.15)
  expect(told(new Array(3000).fill(45), minutes(5))).toEqual([])
  expect(told(new Array(3000).fill(0), minutes(5))).toEqual([])
})

test('what is the same every day is expected, in units of the value, and a value near it deviates little', () => {
  const { expected, deviation } = judged(made(5)).at(-1)!
  const usual = 1000 * (1 + 0.6 * Math.cos((2 * Math.PI * (WEEKS * 168 - 1 - 14)) / 24))
  expect(expected! / usual).toBeGreaterThan(0.85)
  expect(expected! / usual).toBeLessThan(1.15)
  expect(Math.abs(deviation)).toBeLessThan(3.5)
})

test('nothing is said of the first values; each verdict knows only itself and those before', () => {
  const values = made(6, (x, i) => (i === AT ? 6 * x : x))
  const all = judged(values)
  for (const one of all.slice(0, WARM))
    expect(one).toMatchObject({ score: 0, anomaly: false, expected: null })
  const some = judged(values.slice(0, AT + 5))
  expect(some).toEqual(all.slice(0, AT + 5))
})

test('a season that is not a day is known when it is said', () => {
  const values = Array.from({ length: 900 }, (_, i) => (i % 30 === 7 ? 900 : 100) + ((i * 7) % 5))
  const missing = values.map((x, i) => (i === 817 ? 101 : x))
  const of = (season: number) => judged(missing, hours(1), season)[817]!
  expect(of(30).expected).toBeGreaterThan(500)
  expect(of(0).expected).toBeLessThan(300)
})

test('gaps and repeated moments are taken as they come', () => {
  let state = new_detector()
  const random = random_of(8)
  let at_ms = START
  let scores = 0
  for (let i = 0; i < 2000; i++) {
    at_ms += random() < 0.01 ? hours(30) : random() < 0.02 ? 0 : minutes(5)
    const one = judge_value(state, at_ms, 50 + 10 * random())
    state = one.state
    expect(one.verdict.score >= 0 && one.verdict.score <= 1).toBe(true)
    scores += one.verdict.anomaly ? 1 : 0
  }
  expect(scores).toBeLessThan(12)
})

test('the state is what its schema says, small, and never changed in place', () => {
  const schema = readFileSync(
    join(import.meta.dirname, '../../../schemas/state/anomaly_detector.avsc'),
    'utf8',
  )
  const type = avro.Type.forSchema(JSON.parse(schema))
  const values = made(9)
  let state: AnomalyDetector = new_detector()
  for (const [i, value] of values.entries()) {
    const before = i % 97 === 0 ? structuredClone(state) : null
    const held = state
    state = judge_value(state, START + i * hours(1), value).state
    if (before) expect(held).toEqual(before)
  }
  const bytes = type.toBuffer(state)
  expect(bytes.length).toBeLessThan(4096)
  const read = type.fromBuffer(bytes) as AnomalyDetector
  const next = (of: AnomalyDetector) => judge_value(of, START + values.length * hours(1), 1234)
  expect(next(read).verdict).toEqual(next(state).verdict)
})

test('one signal alone is a detector too', () => {
  const weights = SIGNALS.map(signal => (signal === 'range' ? 1 : 0))
  let state = new_detector()
  const scores = made(2, (x, i) => (i === AT ? 6 * x : x)).map((value, i) => {
    const one = judge_value(state, START + i * hours(1), value, { ...shipped, weights })
    state = one.state
    return one.verdict.score
  })
  expect(scores.indexOf(Math.max(...scores))).toBe(AT)
})
