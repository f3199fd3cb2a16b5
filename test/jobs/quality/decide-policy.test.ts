/** Answers of a planted truth, four times a day for weeks: what the trainer makes of them. */
import { expect, it } from 'vitest'
import { example_of, replay_policy } from '../../../jobs/quality/examples.ts'
import { default_lead_policy } from '../../../operators/lead/lead-policy.ts'
import { calibration_error } from '../../../operators/stats/ranking-measures.ts'
import { body_of, Tenant, TIMING, type Truth } from './answers.ts'

it('shadow first, then promoted on later answers, then a step further: with a reason each', () => {
  const tenant = new Tenant({ seed: 1 })
  for (let run = 0; run < 9; run++) tenant.live(100, TIMING)
  const ids = tenant.written.map(({ row }) => row.id)
  expect(ids).toEqual(['acme|shadow', 'acme', 'acme|shadow', 'acme', 'acme|shadow'])
  const [shadow, champion, second] = tenant.written.map(body_of)
  expect(shadow!.reason).toMatch(
    /^Weights base 40 to .*timing 20 to 25.* after 300 answers of 20 buyers; before: lead-1\.$/,
  )
  expect(champion!.reason).toMatch(
    /^Foretold 200 answers that came later better than lead-1: log loss 0\.\d+ /,
  )
  expect({ ...champion, reason: '' }).toEqual({ ...shadow, reason: '' })
  expect(second!.table.weights.timing).toBeCloseTo(30, 9)
})

it('what it promises is what comes: calibration before and after', () => {
  const tenant = new Tenant({ seed: 2 })
  for (let run = 0; run < 20; run++) tenant.live(100, TIMING)
  const learned = tenant.history.champion.policy
  const later = Array.from({ length: 4000 }, () =>
    example_of(tenant.answer(TIMING, 0), tenant.history.versions),
  )
  const came = later.map(({ accepted }) => accepted)
  const before = calibration_error(replay_policy(later, default_lead_policy), came)
  const after = calibration_error(replay_policy(later, learned), came)
  expect(before).toBeGreaterThan(0.15)
  expect(after).toBeLessThan(0.05)
})

it('a champion that does worse than what was before is taken back, once', () => {
  const tenant = new Tenant({ seed: 1 })
  for (let run = 0; run < 9; run++) tenant.live(100, TIMING)
  const live = tenant.history.champion.body
  const turned: Truth = { effects: { base: 5, behavior: 1, timing: -3, market: 1 }, level: -1 }
  const since = tenant.written.length
  for (let run = 0; run < 4; run++) tenant.live(100, turned)
  const back = tenant.written.slice(since).filter(({ row }) => row.id === 'acme')
  expect(back).toHaveLength(1)
  const { reason, version } = body_of(back[0]!)
  expect(version).not.toBe(live.version)
  expect(reason).toMatch(
    new RegExp(`^Back from ${live.version}, which foretold \\d+ answers that came later worse: `),
  )
})

it('answers that have nothing to do with the lead promote no weights', () => {
  const blind: Truth = { effects: { base: 0, behavior: 0, timing: 0, market: 0 }, level: 0.4 }
  const tenant = new Tenant({ seed: 3 })
  for (let run = 0; run < 24; run++) tenant.live(100, blind)
  // The first promotion is honest: it says that every score is worth the same.
  const promoted = tenant.written.filter(({ row }) => row.id === 'acme').map(body_of)
  expect(promoted.length).toBeLessThanOrEqual(1)
  const curve = promoted[0]?.calibration ?? []
  expect(curve.at(-1)![1] - curve[0]![1]).toBeLessThan(0.3)
})

it('with too few answers nothing is written, ever', () => {
  const tenant = new Tenant({ seed: 4 })
  for (let run = 0; run < 5; run++) tenant.live(50, TIMING)
  expect(tenant.written).toEqual([])
})
