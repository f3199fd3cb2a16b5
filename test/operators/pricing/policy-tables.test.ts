/** Entries of policies' tables, one by one: what each may be, and what is said of what it may not. */
import { expect, it } from 'vitest'
import { pricing_readers, routing_readers } from '../../../operators/pricing/policy-tables.ts'
import { default_pricing } from '../../../operators/pricing/pricing-policy.ts'
import { default_routing } from '../../../operators/pricing/routing-policy.ts'

const priced = (name: keyof typeof pricing_readers, given: unknown) =>
  pricing_readers[name](given, `table.${name}`, default_pricing)
const routed = (name: keyof typeof routing_readers, given: unknown) =>
  routing_readers[name](given, `table.${name}`, default_routing)

it('there is a reader of everything that the built-in policies say', () => {
  expect(['version', ...Object.keys(pricing_readers)].sort()).toEqual(Object.keys(default_pricing).sort())
  expect(['version', 'score', ...Object.keys(routing_readers)].sort()).toEqual(
    Object.keys(default_routing).sort(),
  )
})

it('what is built in is taken as it is', () => {
  for (const name of Object.keys(pricing_readers) as (keyof typeof pricing_readers)[])
    expect(priced(name, default_pricing[name])).toEqual(default_pricing[name])
  for (const name of Object.keys(routing_readers) as (keyof typeof routing_readers)[])
    expect(routed(name, default_routing[name])).toEqual(default_routing[name])
})

it('hours are on weekdays unless said, and run over midnight where `to` is before `from`', () => {
  expect(priced('business_hours', [{ from: 22, to: 6, hundredths: 120 }])).toEqual([
    { from: 22, to: 6, days: [1, 2, 3, 4, 5], hundredths: 120 },
  ])
  expect(priced('business_hours', [])).toEqual([])
})

const term = { from: 8, to: 12, hundredths: 115 }
it.each([
  ['business_hours', [{ ...term, to: 8 }], 'business_hours[0].to is the same hour as from'],
  ['business_hours', [term, { from: 8, to: 12 }], 'business_hours[1].hundredths must be a whole number'],
  ['business_hours', [{ ...term, days: ['Monday'] }], 'business_hours[0].days must be days of the week'],
  ['business_hours', [{ ...term, days: [] }], 'business_hours[0].days must be days of the week'],
  ['business_hours', [{ ...term, from: 25 }], 'business_hours[0].from must be a whole number from 0 to 24'],
  ['business_hours', [{ ...term, zone: 'UTC' }], 'business_hours[0].zone: there is no such name'],
  ['business_hours', term, 'business_hours must be a list'],
  ['base_major', { premium: -1 }, 'base_major.premium must be a whole number from 0 to 100000000'],
  ['base_major', [250], 'base_major must be an object'],
  ['sold_to', { basic: 'volume' }, 'sold_to.basic must be a list'],
  ['sold_to', { basic: ['gold'] }, 'sold_to.basic[0] must be one of premium, direct, standard, volume'],
  ['sold_to', { gold: ['volume'] }, 'sold_to.gold: there is no such name'],
  ['quality', [{ from_score: 101, hundredths: 110 }], 'quality[0].from_score must be a number from 0 to 100'],
  ['surge', 0, 'surge must be a whole number from 1 to 10000'],
  ['step', 50, 'step must be 0 or a whole number from 100 to 10000'],
] as const)('%s %j is refused', (name, given, said) => {
  expect(() => priced(name, given)).toThrow(`table.${said}`)
})

it.each([
  ['weights', { expected_revenue: -0.1 }, 'weights.expected_revenue must be a number from 0 to 1000'],
  ['weights', { history: 1 }, 'weights.history: there is no such name'],
  ['acceptance', 'luck', 'acceptance must be pooled or shares'],
  ['attempts_max', 0, 'attempts_max must be a whole number from 1 to 20'],
  ['expire_ms', 1.5, 'expire_ms must be a whole number from 0 to'],
  ['fresh_ms', -1, 'fresh_ms must be a whole number from 0 to'],
  ['pacing', 'yes', 'pacing must be true or false'],
] as const)('%s %j is refused', (name, given, said) => {
  expect(() => routed(name, given)).toThrow(`table.${said}`)
})
