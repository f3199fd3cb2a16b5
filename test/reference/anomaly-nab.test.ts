/**
 * The detector of any series on the shared series of the Numenta Anomaly Benchmark, by its rules; and the rules themselves against
 * the reference answers.
 */
import { beforeAll, describe, expect, test } from 'vitest'
import { shipped, THRESHOLD } from '../../operators/anomaly/judge-series.ts'
import { type Case, cases_of, type LabelledSeries, nab_present, nab_series } from './anomaly-data.ts'
import { outcomes_of, type Run, run_detector, score_of, strengths_of, told_at } from './detected.ts'
import {
  curve,
  type Labelled,
  PROFILE_NAMES,
  PROFILES,
  rows_at,
  score_detections,
  type Window,
} from './nab-score.ts'

if (!nab_present && process.env.CI) throw new Error('no reference data nab/ (set REFERENCE_DATA)')
if (!nab_present) console.log('skipped: no reference data nab/ (set REFERENCE_DATA)')

const raw_of = (labelled: Labelled, rows: readonly number[], profile: string): number =>
  score_detections(labelled, rows, PROFILES[profile as keyof typeof PROFILES]).raw

describe.runIf(nab_present)('the rules of the score', () => {
  const cases: readonly Case[] = nab_present ? cases_of('nab') : []
  const of = (id: string): Case => cases.find(one => one.id === id)!

  test('weigh a place by a curve', () => {
    const { input, expected } = of('scorer.sigmoid')
    const values = (input.y as number[]).map(y => (y > 3 ? -1 : curve(y)))
    for (const [i, value] of (expected.value as number[]).entries()) expect(values[i]).toBeCloseTo(value, 8)
  })

  test('give the hand-made detections their raw scores', () => {
    const { input, expected } = of('scorer.hand')
    const labelled = { rows: input.n as number, windows: input.windows as Window[] }
    for (const profile of PROFILE_NAMES)
      for (const [i, rows] of (input.detections as number[][]).entries())
        expect(raw_of(labelled, rows, profile), `${profile} ${rows}`).toBeCloseTo(
          (expected[profile] as number[])[i]!,
          8,
        )
  })

  test('give published detections their raw scores', () => {
    const published = cases.filter(({ id }) => /^scorer\..*\./.test(id))
    expect(published.length).toBe(6)
    for (const { id, input, expected } of published)
      for (const profile of PROFILE_NAMES)
        expect(
          raw_of(input as unknown as Labelled, input.detections as number[], profile),
          `${id} ${profile}`,
        ).toBeCloseTo(expected[profile] as number, 6)
  })
})

describe.runIf(nab_present)('our detector', () => {
  let set: LabelledSeries[]
  let runs: Run[]
  beforeAll(() => {
    set = nab_series()
    runs = set.map(one => run_detector(one))
  })

  test('reads 28 series with 66 windows', () => {
    expect(set.length).toBe(28)
    expect(set.reduce((sum, one) => sum + one.windows.length, 0)).toBe(66)
    for (const one of set) for (const [first, last] of one.windows) expect(last).toBeGreaterThan(first)
  })

  test('beats the best published one, with one configuration and one threshold', () => {
    const detected = runs.map(one => one.detected)
    const [standard, low_fp, low_fn] = PROFILE_NAMES.map(name => score_of(set, detected, PROFILES[name]))
    const weeks = set.reduce((sum, one) => sum + (one.at_ms.at(-1)! - one.at_ms[0]!) / (7 * 86_400_000), 0)
    const outcomes = outcomes_of(set, detected, PROFILES.standard)
    const false_rows = outcomes.reduce((sum, one) => sum + one.false_rows, 0)
    console.log(
      `standard ${standard!.toFixed(2)}, low FP ${low_fp!.toFixed(2)}, low FN ${low_fn!.toFixed(2)}; ` +
        `false alarms per series and week: ${(false_rows / weeks).toFixed(2)}`,
    )
    expect(standard).toBeGreaterThanOrEqual(75.2)
    expect(low_fp).toBeGreaterThanOrEqual(50)
    expect(score_of(set.slice(0, 5), detected.slice(0, 5))).toBe(0)
  })

  test('tells at and above its threshold and nowhere else', () => {
    for (const { scores, detected } of runs) {
      expect(rows_at(scores, THRESHOLD)).toEqual(detected)
      expect(scores.every(score => score >= 0 && score <= 1)).toBe(true)
    }
  })

  test('keeps silent by the rule that the bench sweeps', () => {
    for (const i of [0, 9, 16])
      expect(told_at(strengths_of(set[i]!), shipped.strength).filter(row => row >= 48)).toEqual(
        runs[i]!.detected,
      )
  })
})
