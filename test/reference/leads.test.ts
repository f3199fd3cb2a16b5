/** Scoring against real outcomes: library answers, and how good a model of ours is on cases that it was not chosen by. */
import { describe, expect, test } from 'vitest'
import { fit_logistic, logistic_probability } from '../../operators/stats/logistic.ts'
import {
  auc,
  average_precision,
  brier,
  calibration_bins,
  calibration_error,
  lift,
  log_loss,
} from '../../operators/stats/ranking-measures.ts'
import {
  learn_case,
  new_streaming_model,
  type StreamingOptions,
  streaming_defaults,
  streaming_probability,
} from '../../operators/stats/streaming-logistic.ts'
import {
  answer_of,
  type Contact,
  contacts,
  fnv1a,
  moments,
  NUMBERS,
  present,
  stepped_columns,
  trains,
  value_of,
} from './leads-data.ts'

interface Logit {
  readonly train: { readonly n: number; readonly positives: number; readonly log_likelihood: number }
  readonly standardise: Readonly<Record<string, readonly [number, number]>>
  readonly coefficients: Readonly<Record<string, number>>
  readonly test: Readonly<Record<string, number>> & {
    readonly calibration_bins_n_meanp_rate: readonly (readonly [number, number, number])[]
  }
  readonly first5_test: readonly (readonly [string, number])[]
}
interface Streaming {
  readonly all_rows: Readonly<Record<string, number>>
  readonly after_first_fifth: Readonly<Record<string, number>>
}

const FOLDS = 5
const PENALTIES = [3, 10, 30]

describe.runIf(present)('leads with known outcomes', () => {
  const all = present ? contacts() : []
  const train = all.filter(trains)
  const later = all.filter(contact => !trains(contact))
  const outcomes_of = (cases: readonly Contact[]) => cases.map(({ outcome }) => outcome)

  test('bank.logit.l2: coefficients, likelihood and every measure', () => {
    const { expected, tolerance } = answer_of('bank.logit.l2')
    const wanted = expected as unknown as Logit
    const limits = tolerance as { rel: Record<string, number>; abs: Record<string, number> }
    const columns = Object.keys(wanted.coefficients).slice(1)
    const scales = new Map(
      NUMBERS.map(name => [name as string, moments(train.map(({ cells }) => Number(cells[name])))]),
    )
    for (const [name, [mean, deviation]] of Object.entries(wanted.standardise)) {
      expect(scales.get(name)![0]).toBeCloseTo(mean, 5)
      expect(scales.get(name)![1]).toBeCloseTo(deviation, 5)
    }
    const row = ({ cells }: Contact): number[] =>
      columns.map(column => {
        const [mean, deviation] = scales.get(column) ?? [0, 1]
        return (value_of(cells, column) - mean) / deviation
      })
    const fit = fit_logistic({ rows: train.map(row), outcomes: outcomes_of(train) }, { l2: 1 })
    expect([train.length, outcomes_of(train).filter(Boolean).length, fit.converged]).toEqual([
      wanted.train.n,
      wanted.train.positives,
      true,
    ])
    expect(fit.log_likelihood).toBeCloseTo(wanted.train.log_likelihood, 4)
    for (const [name, value] of Object.entries(wanted.coefficients)) {
      const got = name === '(intercept)' ? fit.intercept : fit.coefficients[columns.indexOf(name)]!
      const most = limits.rel.coefficients! * Math.abs(value)
      expect(Math.abs(got - value), `${name} ${got} ${value}`).toBeLessThanOrEqual(most)
    }
    const said = later.map(contact => logistic_probability(fit, row(contact)))
    const came = outcomes_of(later)
    expect(Math.abs(auc(said, came) - wanted.test.auc!)).toBeLessThan(limits.abs.auc!)
    expect(Math.abs(brier(said, came) - wanted.test.brier!)).toBeLessThan(limits.abs.brier!)
    expect(log_loss(said, came)).toBeCloseTo(wanted.test.log_loss!, 5)
    expect(calibration_error(said, came)).toBeCloseTo(wanted.test.ece_10!, 5)
    expect(average_precision(said, came)).toBeCloseTo(wanted.test.average_precision!, 5)
    expect(lift(said, came, 0.1)).toBeCloseTo(wanted.test.lift_at_10pct!, 5)
    expect(lift(said, came, 0.2)).toBeCloseTo(wanted.test.lift_at_20pct!, 5)
    const bins = calibration_bins(said, came, 10)
    for (const [i, [n, mean, rate]] of wanted.test.calibration_bins_n_meanp_rate.entries()) {
      expect(bins[i]!.n).toBe(n)
      expect(bins[i]!.mean_probability).toBeCloseTo(mean, 5)
      expect(bins[i]!.rate).toBeCloseTo(rate, 8)
    }
    for (const [i, [id, probability]] of wanted.first5_test.entries()) {
      expect(later[i]!.id).toBe(id)
      expect(said[i]).toBeCloseTo(probability, 5)
    }
  })

  test('the model chosen on the training cases reaches its goals on the others', () => {
    const probabilities = (known: readonly Contact[], asked: readonly Contact[], l2: number): number[] => {
      const row = stepped_columns(known)
      const fit = fit_logistic(
        { rows: known.map(row), outcomes: outcomes_of(known) },
        { l2, tolerance: 1e-7 },
      )
      return asked.map(contact => logistic_probability(fit, row(contact)))
    }
    const fold_of = ({ id }: Contact): number => fnv1a(`fold|${id}`) % FOLDS
    const judged = PENALTIES.map(l2 => {
      const said = new Map<Contact, number>()
      for (let fold = 0; fold < FOLDS; fold++) {
        const [known, asked] = [true, false].map(kept => train.filter(c => (fold_of(c) !== fold) === kept))
        for (const [i, p] of probabilities(known!, asked!, l2).entries()) said.set(asked![i]!, p)
      }
      return {
        l2,
        brier: brier(
          train.map(contact => said.get(contact)!),
          outcomes_of(train),
        ),
      }
    })
    const { l2 } = judged.reduce((best, each) => (each.brier < best.brier ? each : best))
    const said = probabilities(train, later, l2)
    const came = outcomes_of(later)
    const got = { auc: auc(said, came), brier: brier(said, came), ece: calibration_error(said, came) }
    console.log(`leads: l2 ${l2}, ${JSON.stringify(got)}`)
    expect(got.auc).toBeGreaterThanOrEqual(0.75)
    expect(got.brier).toBeLessThanOrEqual(0.081)
    expect(got.ece).toBeLessThanOrEqual(0.02)
  }, 60_000)

  /** Asked before it is told, over all cases in the order of their hashes. */
  const streamed = (options: StreamingOptions) => {
    const columns = Object.keys((answer_of('bank.logit.l2').expected as unknown as Logit).coefficients).slice(
      1,
    )
    const ordered = [...all].sort((a, b) => a.hash - b.hash || (a.id < b.id ? -1 : 1))
    let model = new_streaming_model(columns.length)
    const said = ordered.map(({ cells, outcome }) => {
      const row = columns.map(column => value_of(cells, column))
      const p = streaming_probability(model, row)
      model = learn_case(model, row, outcome, options)
      return p
    })
    const from = (first: number) => {
      const [p, y] = [said.slice(first), outcomes_of(ordered).slice(first)]
      return { auc: auc(p, y), log_loss: log_loss(p, y), brier: brier(p, y) }
    }
    return { all_rows: from(0), after_first_fifth: from(Math.floor(ordered.length / 5)) }
  }

  test('bank.streaming: the same rule gives the same measures', () => {
    const { expected, tolerance } = answer_of('bank.streaming')
    const wanted = expected as unknown as Streaming
    const got = streamed({ rule: 'sgd', rate: 0.05, intercept_rate: 0.01, l2: 0 })
    for (const part of ['all_rows', 'after_first_fifth'] as const)
      for (const measure of ['auc', 'log_loss', 'brier'] as const)
        expect(Math.abs(got[part][measure] - wanted[part][measure]!)).toBeLessThanOrEqual(
          tolerance.abs as number,
        )
  })

  test('the streaming model as it ships ranks later cases', () => {
    const { after_first_fifth } = streamed(streaming_defaults)
    console.log(`leads, streaming: ${JSON.stringify(after_first_fifth)}`)
    expect(after_first_fifth.auc).toBeGreaterThanOrEqual(0.7)
  })
})
