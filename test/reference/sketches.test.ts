/** Streaming statistics against published and independently computed answers on the same streams. */
import { describe, expect, test } from 'vitest'
import { add_to_window, empty_window } from '../../operators/stats/adaptive-window.ts'
import { add_neighbour, autocorrelation, no_neighbours } from '../../operators/stats/autocorrelation.ts'
import { add_decayed, decayed_mean, follow, no_decayed } from '../../operators/stats/decayed-mean.ts'
import {
  add_id,
  distinct,
  merge_registers,
  no_registers,
  USUAL_ERROR,
} from '../../operators/stats/distinct.ts'
import { add_heavy, type Heavy } from '../../operators/stats/heaviest.ts'
import {
  add_value,
  deviation_of,
  excess_kurtosis_of,
  mean_of,
  merge_moments,
  no_moments,
  skewness_of,
  variance_of,
} from '../../operators/stats/moments.ts'
import { add_to_drift, no_drift } from '../../operators/stats/page-hinkley.ts'
import { type Bin, bin_of, merge_bins, quantile, RELATIVE } from '../../operators/stats/quantile-sketch.ts'
import {
  slide,
  window_deviation,
  window_least,
  window_mean,
  window_median,
} from '../../operators/stats/sliding-window.ts'
import { random_of } from '../operators/anomaly/simulated-metric.ts'
import { expect_near } from './near.ts'
import { answer_of, lognormal, normal_of, present, shifting, zipf } from './sketch-streams.ts'

type Shifts = readonly (readonly [number, number, number])[]
const moments = (values: readonly number[]) => values.reduce(add_value, no_moments)
const adaptive_cuts = (values: readonly number[]): number[] => {
  let state = empty_window
  return values.flatMap((value, i) => {
    const step = add_to_window(state, value)
    state = step.state
    return step.changed ? [i] : []
  })
}
/** To a relative 1e-9, where the file gives no limit for a number. */
const expect_close = (got: number, wanted: number): void =>
  expect(Math.abs(got - wanted)).toBeLessThanOrEqual(1e-9 * Math.abs(wanted))

describe.runIf(present)('sketches', () => {
  test.each(['moments.NumAcc3', 'moments.NumAcc4'])('%s', id => {
    const answer = answer_of(id)
    const { base, n } = answer.input as { base: number; n: number }
    const values = Array.from({ length: n }, (_, i) => (i === 0 ? base : base + (i % 2 ? -0.1 : 0.1)))
    const whole = moments(values)
    const parts = merge_moments(moments(values.slice(0, 400)), moments(values.slice(400)))
    const { autocorrelation_lag1, ...certified } = answer.expected
    for (const of of [whole, parts])
      expect_near({ ...answer, expected: certified }, { mean: mean_of(of), sd_sample: deviation_of(of) })
    // Certified for decimal values; doubles hold a tenth beside ten millions to eight digits.
    const got = autocorrelation(values.reduce(add_neighbour, no_neighbours))
    expect(Math.abs(got - (autocorrelation_lag1 as number))).toBeLessThan(1e-7)
  })

  test('generator', () => {
    const answer = answer_of('generator')
    const random = random_of(answer.input.seed as number)
    const normal = normal_of(random)
    const draw = (n: number, of: () => number) => Array.from({ length: n }, of)
    expect_near(answer, {
      u5: draw(5, random),
      then_normal5: draw(5, normal),
      then_exp3: draw(3, () => -Math.log(1 - random()) / 2),
    })
  })

  test('drift.adwin', () => {
    const { input, expected, tolerance } = answer_of('drift.adwin')
    const { seed, n, shifts_index_level_sd, first5 } = input as {
      seed: number
      n: number
      shifts_index_level_sd: Shifts
      first5: number[]
    }
    const values = shifting(seed, n, shifts_index_level_sd)
    expect(values.slice(0, 5)).toEqual(first5)
    const cuts = adaptive_cuts(values)
    const [change] = expected.true_mean_changes as [number]
    expect(cuts[0]).toBeGreaterThanOrEqual(change)
    expect(cuts[0]).toBeLessThan(change + 200)
    const [river] = expected.river as [number]
    expect(Math.abs((cuts[0] as number) - river)).toBeLessThanOrEqual(tolerance.abs as number)
    console.log(`ADWIN: cuts at ${cuts.join(', ')}; river at ${river}`)
  })

  test('drift.page_hinkley', () => {
    const { shifts_index_level_sd, n } = answer_of('drift.adwin').input as {
      n: number
      shifts_index_level_sd: Shifts
    }
    const answer = answer_of('drift.page_hinkley')
    let state = no_drift
    const moved = shifting(answer.input.seed as number, n, shifts_index_level_sd).flatMap((value, i) => {
      const step = add_to_drift(state, value)
      state = step.state
      return step.moved ? [i] : []
    })
    expect_near(answer, { river: moved })
  })

  test('drift.false_alarms', () => {
    const { seeds, n } = answer_of('drift.false_alarms').input as { seeds: [number, number]; n: number }
    let with_alarm = 0
    for (let seed = seeds[0]; seed <= seeds[1]; seed++)
      if (adaptive_cuts(shifting(seed, n, [])).length > 0) with_alarm++
    expect(with_alarm).toBeLessThanOrEqual(2)
    console.log(`ADWIN: ${with_alarm} of ${seeds[1] - seeds[0] + 1} stationary streams with an alarm`)
  })

  test('windows', () => {
    const answer = answer_of('windows')
    const {
      seed,
      at,
      window: most,
      alpha,
    } = answer.input as {
      seed: number
      at: number[]
      window: number
      alpha: number
    }
    const got: Record<string, (number | null)[]> = Object.fromEntries(
      Object.keys(answer.expected).map(name => [name, []]),
    )
    let window: readonly number[] = []
    let mean: number | null = null
    let [decayed, all] = [no_decayed, no_moments]
    for (const [i, value] of shifting(seed, 400, []).entries()) {
      window = slide(window, value, most)
      mean = follow(mean, value, alpha)
      decayed = add_decayed(decayed, value, alpha)
      all = add_value(all, value)
      if (!at.includes(i)) continue
      const now = {
        rolling_mean: window_mean(window),
        rolling_std_sample: window_deviation(window),
        rolling_median: window_median(window),
        rolling_min: window_least(window),
        ewm_mean_adjust_false: mean,
        ewm_mean_adjust_true: decayed_mean(decayed),
        river_ewmean: mean,
        cumulative_var_sample: variance_of(all),
      }
      for (const [name, answer] of Object.entries(now)) got[name]?.push(Number.isNaN(answer) ? null : answer)
    }
    expect_near(answer, got)
  })

  test('quantiles', () => {
    const { input, expected } = answer_of('quantiles')
    const { seed, n, first3, q } = input as { seed: number; n: number; first3: number[]; q: number[] }
    const values = lognormal(seed, n)
    expect(values.slice(0, 3)).toEqual(first3)
    const sketch = (of: readonly number[]): readonly Bin[] =>
      merge_bins(
        of.map(value => ({ bin: bin_of(value), count: 1 })),
        [{ bin: 0, count: 0 }],
      )
    const bins = [0, 1, 2, 3].map(part => sketch(values.filter((_, i) => i % 4 === part))).reduce(merge_bins)
    const sorted = values.toSorted((a, b) => a - b)
    for (const [i, wanted] of (expected.values as number[]).entries()) {
      const got = quantile(bins, q[i] as number)
      expect(Math.abs(got / wanted - 1)).toBeLessThanOrEqual(RELATIVE)
      const rank = sorted.findIndex(value => value > got) / n
      const limit = (q[i] as number) < 0.05 || (q[i] as number) > 0.95 ? 0.001 : 0.005
      expect(Math.abs(rank - (q[i] as number)), `rank of quantile ${q[i]}`).toBeLessThanOrEqual(limit)
    }
    const all = moments(values)
    expect_close(mean_of(all), expected.mean as number)
    expect_close(deviation_of(all), expected.sd_sample as number)
    expect_close(skewness_of(all), expected.skew as number)
    expect_close(excess_kurtosis_of(all), expected.kurtosis_excess as number)
  })

  test('distinct_and_top', () => {
    const { input, expected } = answer_of('distinct_and_top')
    const { seed, n, k, first5 } = input as { seed: number; n: number; k: number; first5: number[] }
    const ids = zipf(seed, n, k)
    expect(ids.slice(0, 5)).toEqual(first5)
    const registers = [ids.slice(0, n / 3), ids.slice(n / 3)]
      .map(part => part.reduce((of, id) => add_id(of, `${id}`), no_registers()))
      .reduce(merge_registers)
    expect(Math.abs(distinct(registers) / (expected.distinct as number) - 1)).toBeLessThan(3 * USUAL_ERROR)
    const places = 500
    const heavy = ids.reduce<readonly Heavy[]>((of, id) => add_heavy(of, `${id}`, places), [])
    expect(heavy.length).toBe(places)
    for (const [i, [id, count]] of (expected.top10 as [number, number][]).entries()) {
      const found = heavy.find(each => each.id === `${id}`) as Heavy
      expect(found.count).toBeGreaterThanOrEqual(count)
      expect(found.count - count).toBeLessThanOrEqual(Math.min(found.over, n / places))
      expect(heavy[i]?.id).toBe(`${id}`)
    }
  })
})
