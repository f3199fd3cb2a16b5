import fc from 'fast-check'
import { expect, it } from 'vitest'
import { basic_lead_policy, default_lead_policy } from '../../../operators/lead/lead-policy.ts'
import { read_lead_policy } from '../../../operators/lead/read-policy.ts'
import { factors, most_of_factor } from '../../../operators/lead/weigh-factors.ts'

const body = (more: object = {}) => ({ version: 'lead-7', base: 'lead-1', reason: 'a test', ...more })
const problem_of = (given: unknown) => {
  const { policy, problem } = read_lead_policy(given)
  // What is not believed changes nothing.
  if (problem !== null) expect(policy).toBe(default_lead_policy)
  return problem
}

it('is the built-in policy of its base, under its own version, with the differences of its table', () => {
  expect(read_lead_policy(body())).toEqual({
    policy: { ...default_lead_policy, version: 'lead-7' },
    problem: null,
  })
  const table = {
    homeowner: 1300,
    bill: [{ from_major: 100, points: 900 }],
    property_type: { co_op: 400, houseboat: 200 },
    premium_from: 0.9,
    tiers: { premium: 9000 },
    conversion: { midpoint: 60 },
    ready: { min_ms: 60_000, awaited: ['install_timeline'] },
    questions_full: 6,
  }
  const { policy, problem } = read_lead_policy(body({ table, calibration: [[50, 0.5]] }))
  expect(problem).toBeNull()
  expect(policy).toEqual({
    ...default_lead_policy,
    version: 'lead-7',
    homeowner: 1300,
    bill: [{ from_major: 100, points: 900 }],
    property_type: { single_family: 800, condo: 500, co_op: 400, houseboat: 200 },
    premium_from: 0.9,
    tiers: { premium: 9000, standard: 7000, basic: 5000 },
    conversion: { midpoint: 60, spread: 11.2 },
    ready: { ...default_lead_policy.ready, min_ms: 60_000, awaited: ['install_timeline'] },
    questions_full: 6,
    calibration: [[50, 0.5]],
  })
})

it('the built-in policies may be named', () => {
  expect(read_lead_policy(body({ base: 'lead-0', version: 'lead-0' })).policy).toEqual(basic_lead_policy)
  expect(read_lead_policy(body({ version: 'lead-1', table: null, calibration: null })).policy).toEqual(
    default_lead_policy,
  )
  expect(problem_of(body({ version: 'lead-0' }))).toBe('version lead-0 is the name of a built-in policy')
  expect(problem_of(body({ version: 'lead-1', table: { homeowner: 1 } }))).toMatch('built-in policy')
})

it('weights are what the factors can earn, after the table’s differences', () => {
  const weights = { base: 35.5, behavior: 34.5, timing: 25, market: 5 }
  const { policy } = read_lead_policy(body({ table: { weights, engagement: 0 } }))
  expect(factors.map(factor => most_of_factor(policy, factor))).toEqual([3550, 3450, 2500, 500])
  expect([policy.engagement, policy.questions]).toEqual([0, 1254]) // 3450 × 8 / 22 = 1254.5; the others’ .7 goes first
  expect(policy).not.toHaveProperty('weights')
})

it('the same body is read once', () => {
  const given = body({ table: { homeowner: 1300 } })
  expect(read_lead_policy(given)).toBe(read_lead_policy(given))
  const wrong = body({ base: 'lead-9' })
  expect(read_lead_policy(wrong)).toBe(read_lead_policy(wrong))
})

it.each([
  [undefined, 'the policy must be an object'],
  [null, 'the policy must be an object'],
  ['lead-7', 'the policy must be an object'],
  [[], 'the policy must be an object'],
  [{}, 'version must be a text of 1 to 100 characters'],
  [body({ version: '' }), 'version must be a text of 1 to 100 characters'],
  [body({ version: 'v'.repeat(101) }), 'version must be a text of 1 to 100 characters'],
  [body({ base: 'lead-2' }), 'base must be lead-0 or lead-1'],
  [body({ base: 'toString' }), 'base must be lead-0 or lead-1'],
  [body({ table: 7 }), 'table must be an object'],
  [body({ table: { price: 1 } }), 'table.price is no part of a lead policy'],
  [body({ table: { toString: 1 } }), 'table.toString is no part of a lead policy'],
  [body({ table: { version: 'x' } }), 'table.version is no part of a lead policy'],
  [body({ table: { homeowner: '1400' } }), 'table.homeowner must be a whole number from 0 to 10000'],
  [body({ table: { homeowner: 1401 } }), 'signals are worth 100.01 points together, more than 100'],
  [
    body({ base: 'lead-0', table: { weights: { base: 40, behavior: 30, timing: 20, market: 10 } } }),
    'weights.timing: its signals earn nothing',
  ],
])('does not believe %j', (given, problem) => {
  expect(problem_of(given)).toBe(problem)
})

it('never throws, and what it believes scores within 0 and 100 points', () => {
  const some = fc.oneof(
    fc.integer({ min: -5, max: 11_000 }),
    fc.double(),
    fc.json().map(text => JSON.parse(text)),
  )
  const table = fc.dictionary(
    fc.constantFrom(...Object.keys(default_lead_policy), 'weights', '__proto__', 'x'),
    fc.oneof(
      some,
      fc.array(some),
      fc.dictionary(fc.constantFrom('base', 'behavior', 'timing', 'market', 'soon', '__proto__'), some),
    ),
    { maxKeys: 3 },
  )
  let believed = 0
  fc.assert(
    fc.property(
      fc.record({
        version: fc.constantFrom('a', ''),
        base: fc.constantFrom('lead-0', 'lead-1'),
        table: fc.option(table),
        calibration: fc.option(fc.array(fc.array(some))),
      }),
      given => {
        const { policy, problem } = read_lead_policy(given)
        if (problem === null) believed++
        const most = factors.map(factor => most_of_factor(policy, factor))
        expect(Math.min(...most)).toBeGreaterThanOrEqual(0)
        expect(most.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(10_000)
      },
    ),
    { numRuns: 1500 },
  )
  expect(believed).toBeGreaterThan(10)
})
