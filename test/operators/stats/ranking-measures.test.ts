import { expect, it } from 'vitest'
import {
  auc,
  average_precision,
  brier,
  calibration_bins,
  calibration_error,
  lift,
  log_loss,
  share_reached,
} from '../../../operators/stats/ranking-measures.ts'

it('ranks: pairs of yes and no counted by hand, ties half', () => {
  // Yeses at 0.8 and 0.4; noes at 0.6, 0.4, 0.1: of six pairs 3 are right for 0.8, and 1 + a half for 0.4.
  expect(auc([0.8, 0.6, 0.4, 0.4, 0.1], [1, 0, 1, 0, 0])).toBeCloseTo(4.5 / 6, 12)
  expect(auc([0.2, 0.1], [1, 0])).toBe(1)
  expect(auc([0.2, 0.2, 0.2], [1, 0, 0])).toBe(0.5)
  expect(auc([0.2, 0.1], [1, 1])).toBeNaN()
})

it('average precision: the precision at each yes', () => {
  // Yeses in places 1 and 3: (1 + 2 / 3) / 2.
  expect(average_precision([0.9, 0.8, 0.7, 0.1], [1, 0, 1, 0])).toBeCloseTo(5 / 6, 12)
  // One yes among two equals: they are taken together.
  expect(average_precision([0.5, 0.5], [1, 0])).toBe(0.5)
})

it('Brier and log loss', () => {
  expect(brier([0.8, 0.3], [1, 0])).toBeCloseTo((0.04 + 0.09) / 2, 12)
  expect(log_loss([0.8, 0.3], [1, 0])).toBeCloseTo(-(Math.log(0.8) + Math.log(0.7)) / 2, 12)
  // A certain error costs much, not everything.
  expect(log_loss([1], [0])).toBeCloseTo(15 * Math.LN10, 6)
})

it('bins are open below and closed above', () => {
  expect(calibration_bins([0, 0.5, 0.51, 1], [0, 1, 0, 1], 2)).toEqual([
    { n: 2, mean_probability: 0.25, rate: 0.5 },
    { n: 2, mean_probability: 0.755, rate: 0.5 },
  ])
  // Three cases 0.1 off, one 0.2.
  expect(calibration_error([0.1, 0.1, 0.1, 0.8], [0, 0, 0, 1])).toBeCloseTo((3 * 0.1 + 0.2) / 4, 12)
})

it('lift: how many times as many yeses the best part holds', () => {
  const scores = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
  const outcomes = [1, 1, 0, 0, 0, 1, 0, 0, 0, 1]
  expect(share_reached(scores, outcomes, 0.2)).toBe(0.5)
  expect(lift(scores, outcomes, 0.2)).toBe(2.5)
  // A part of a case is a case.
  expect(share_reached(scores, outcomes, 0.11)).toBe(0.5)
})
