import { expect, it } from 'vitest'
import { basic_lead_policy, default_lead_policy } from '../../../operators/lead/lead-policy.ts'
import { knots_of, readers, weights_of } from '../../../operators/lead/policy-readers.ts'

const read = (name: string, given: unknown) => readers[name]?.(given, `table.${name}`, default_lead_policy)

it('knows every part of a policy but its version and its calibration', () => {
  const { version: _v, calibration: _c, ...parts } = default_lead_policy
  expect(Object.keys(readers).sort()).toEqual(Object.keys(parts).sort())
  for (const [name, part] of Object.entries(parts)) expect([name, read(name, part)]).toEqual([name, part])
})

it('words that are not given keep what they were worth', () => {
  expect(read('credit_signal', { fair: 300 })).toEqual({ good: 500, fair: 300, poor: 0 })
  expect(readers.credit_signal?.({ fair: 300 }, 'table.credit_signal', basic_lead_policy)).toEqual({
    fair: 300,
  })
})

const step = (from_major: unknown, points: unknown) => ({ from_major, points })
it.each([
  ['homeowner', 10_001, 'table.homeowner must be a whole number from 0 to 10000'],
  ['engagement', 0.5, 'table.engagement must be a whole number from 0 to 10000'],
  ['supply_index', -1, 'table.supply_index must be a whole number from 0 to 10000'],
  ['premium_from', 1.1, 'table.premium_from must be a number from 0 to 1'],
  ['engagement_full_ms', 0, 'table.engagement_full_ms must be a whole number from 1 to 86400000'],
  ['questions_full', null, 'table.questions_full must be a whole number from 1 to 1000'],
  ['property_type', [], 'table.property_type must be an object'],
  ['property_type', { condo: -1 }, 'table.property_type.condo must be a whole number from 0 to 10000'],
  ['bill', [], 'table.bill must be a list of 1 to 100'],
  ['bill', [7], 'table.bill[0] must be an object'],
  ['bill', [{ ...step(1, 1), more: 1 }], 'table.bill[0].more is no part of a lead policy'],
  ['bill', [step(-1, 1)], 'table.bill[0].from_major must be a number from 0 to 1000000000'],
  ['bill', [step(1, 'x')], 'table.bill[0].points must be a whole number from 0 to 10000'],
  ['bill', [step(1, 5), step(2, 5)], 'table.bill must fall from step to step, in from_major and in points'],
  ['bill', [step(2, 5), step(1, 6)], 'table.bill must fall from step to step, in from_major and in points'],
  ['tiers', { gold: 1 }, 'table.tiers.gold is no part of a lead policy'],
  ['tiers', { standard: 8600 }, 'table.tiers must fall from premium over standard to basic'],
  ['tiers', { basic: 7001 }, 'table.tiers must fall from premium over standard to basic'],
  ['conversion', { spread: 0 }, 'table.conversion.spread must be a number from 0.1 to 1000'],
  ['conversion', { slope: 1 }, 'table.conversion.slope is no part of a lead policy'],
  ['ready', { fields: ['income'] }, 'table.ready.fields must be a list of fields of a lead'],
  ['ready', { awaited: 'zip_code' }, 'table.ready.awaited must be a list of fields of a lead'],
  ['ready', { min_ms: 1_800_001 }, 'table.ready.min_ms must not be above max_ms'],
  ['ready', { max_ms: '1' }, 'table.ready.max_ms must be a whole number from 0 to 86400000'],
])('refuses %s %j', (name, given, problem) => {
  expect(() => read(name, given)).toThrow(new RangeError(problem))
})

it('weights are four, and sum to 100', () => {
  const weights = { base: 40.1, behavior: 29.9, timing: 20.1, market: 9.9 }
  expect(weights_of(weights)).toEqual(weights)
  expect(() => weights_of({ ...weights, market: 10 })).toThrow(
    /^table\.weights sum to 100\.1\d*, not to 100$/,
  )
  expect(() => weights_of({ base: 100 })).toThrow('table.weights.behavior must be a number from 0 to 100')
  expect(() => weights_of({ ...weights, luck: 0 })).toThrow('table.weights.luck is no part of a lead policy')
})

it('knots rise in their scores and never fall in their probabilities', () => {
  const knots = [
    [10, 0.1],
    [20, 0.1],
    [100, 1],
  ]
  expect(knots_of(knots)).toEqual(knots)
  const rises = 'calibration must rise: scores always, probabilities never fall'
  for (const [wrong, problem] of [
    [[], 'calibration must be a list of 1 to 1000'],
    [{}, 'calibration must be a list of 1 to 1000'],
    [[[10]], 'calibration[0][1] must be a number from 0 to 1'],
    [[[10, 0.1, 3]], 'calibration[0] must be a list of 1 to 2'],
    [[[101, 0.1]], 'calibration[0][0] must be a number from 0 to 100'],
    [[...knots, [100, 1]], rises],
    [[...knots.slice(0, 2), [30, 0.09]], rises],
  ] as const)
    expect(() => knots_of(wrong)).toThrow(new RangeError(problem))
})
