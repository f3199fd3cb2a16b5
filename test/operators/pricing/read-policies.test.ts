import { expect, it } from 'vitest'
import { default_pricing } from '../../../operators/pricing/pricing-policy.ts'
import { once, policies_of } from '../../../operators/pricing/read-policies.ts'
import { default_routing } from '../../../operators/pricing/routing-policy.ts'

const of = (entries: Readonly<Record<string, unknown>>) =>
  policies_of('acme', (kind, id) => entries[`${kind}|${id}`] as never)

it('holds what is built in where nothing is said, or nothing that can be meant', () => {
  expect(of({})).toEqual({ pricing: default_pricing, routing: default_routing })
  const odd = [null, 1, 'x', [], {}, { version: 1, table: {} }, { version: '', table: { surge: 110 } }]
  for (const body of odd)
    expect(of({ 'pricing_policies|*': body, 'routing_policies|*': body })).toEqual({
      pricing: default_pricing,
      routing: default_routing,
    })
})

it('takes what an entry says otherwise, field by field; the tenant’s comes before everybody’s', () => {
  const table = {
    base_major: { premium: 300, gold: 1, volume: -1 },
    sold_to: { basic: ['direct', 'volume'], standard: ['gold'], premium: 'all' },
    quality: [
      { from_score: 70, hundredths: 110 },
      { from_score: 95, hundredths: 200 },
    ],
    surge: 200,
    surge_on: 60,
    business_hours: [{ from: 8, to: 12, hundredths: 115 }],
    weekend: 1.5,
    weekday: 102,
    step: 50,
  }
  const { pricing } = of({
    'pricing_policies|*': { version: 'all', table: {} },
    'pricing_policies|acme': { version: 'own', table },
  })
  expect(pricing).toEqual({
    version: 'own',
    base_major: { ...default_pricing.base_major, premium: 300 },
    sold_to: { ...default_pricing.sold_to, basic: ['direct', 'volume'] },
    quality: [
      { from_score: 95, hundredths: 200 },
      { from_score: 70, hundredths: 110 },
    ],
    surge: 200,
    surge_on: 60,
    // Never above where it goes on.
    surge_off: 60,
    business_hours: [{ from: 8, to: 12, days: [1, 2, 3, 4, 5], hundredths: 115 }],
    weekend: default_pricing.weekend,
    weekday: 102,
    step: default_pricing.step,
  })
  expect(of({ 'pricing_policies|*': { version: 'all', table: { step: 0 } } }).pricing).toMatchObject({
    version: 'all',
    step: 0,
  })
})

it('believes a list only as a whole', () => {
  const listed = (business_hours: unknown) =>
    of({ 'pricing_policies|*': { version: 'x', table: { business_hours } } }).pricing.business_hours
  expect(listed([])).toEqual([])
  expect(listed([{ from: 8, to: 12, hundredths: 115 }, { from: 8 }])).toBe(default_pricing.business_hours)
  expect(listed([{ from: 8, to: 12, hundredths: 115, days: ['Monday'] }])).toBe(
    default_pricing.business_hours,
  )
})

it('reads how buyers are chosen', () => {
  const table = {
    weights: { acceptance_rate: 0.5, history: 1 },
    attempts_max: 1,
    expire_ms: 0,
    pacing: true,
    acceptance: 'shares',
  }
  const { routing } = of({ 'routing_policies|acme': { version: 'mine', score: 'v2', table } })
  expect(routing).toEqual({
    ...default_routing,
    version: 'mine',
    score: 'v2',
    weights: { ...default_routing.weights, acceptance_rate: 0.5 },
    attempts_max: 1,
    expire_ms: 0,
    pacing: true,
    acceptance: 'shares',
  })
  const odd = of({
    'routing_policies|*': {
      version: 'odd',
      score: 'v1',
      table: { capacity_buffer: 100, fresh_ms: -1, acceptance: 'luck' },
    },
  })
  expect(odd.routing).toEqual({ ...default_routing, version: 'odd' })
})

it('compiles a body once', () => {
  let calls = 0
  const compile = once(() => ++calls)
  const body = {}
  expect([compile(body), compile(body), compile({}), compile(null), compile(null)]).toEqual([1, 1, 2, 3, 4])
})
