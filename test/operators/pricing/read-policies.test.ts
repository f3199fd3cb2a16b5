import { expect, it } from 'vitest'
import { default_pricing } from '../../../operators/pricing/pricing-policy.ts'
import {
  once,
  policies_of,
  read_pricing_policy,
  read_routing_policy,
} from '../../../operators/pricing/read-policies.ts'
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

it('takes what an entry says otherwise; the tenant’s comes before everybody’s', () => {
  const table = {
    base_major: { premium: 300 },
    sold_to: { basic: ['direct', 'volume', 'direct'] },
    quality: [
      { from_score: 70, hundredths: 110 },
      { from_score: 95, hundredths: 200 },
    ],
    surge: 200,
    surge_on: 60,
    business_hours: [{ from: 8, to: 12, hundredths: 115 }],
    weekday: 102,
    step: 0,
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
    step: 0,
  })
})

it('believes a pricing policy as a whole: else the built-in one holds, under its own name', () => {
  const odd: readonly (readonly [body: object, problem: string])[] = [
    [{ version: 'typo', table: { surge: 200, weekned: 80 } }, 'table.weekned: there is no such name'],
    [{ version: 'typo', table: { surge: '2x' } }, 'table.surge must be a whole number from 1 to 10000'],
    [{ version: 'typo', table: { weekend: 1.5 } }, 'table.weekend must be a whole number from 1 to 10000'],
    [
      { version: 'typo', table: { surge_on: 60, surge_off: 61 } },
      'table.surge_off must not be above surge_on, 60',
    ],
    [{ version: 'typo', table: { quality: {} } }, 'table.quality must be a list of at most 100'],
    [{ version: 'typo', table: [] }, 'table must be an object'],
    [{ version: 'typo', score: 'v1', table: {} }, 'the policy.score: there is no such name'],
    [{ version: '', table: {} }, 'version must be a text of 1 to 256 characters without +'],
    [{ version: 'pricing-1', table: { surge: 200 } }, 'version pricing-1 is the name of the built-in policy'],
    [JSON.parse('{"version": "x", "table": {"__proto__": 1}}'), 'table.__proto__: there is no such name'],
  ]
  for (const [body, problem] of odd) {
    expect(read_pricing_policy(body)).toEqual({ policy: default_pricing, problem })
    expect(of({ 'pricing_policies|*': body }).pricing).toBe(default_pricing)
  }
  expect(read_pricing_policy({ version: 'pricing-1', table: {} })).toEqual({
    policy: default_pricing,
    problem: null,
  })
})

it('reads how buyers are chosen, as a whole, too', () => {
  const table = {
    weights: { acceptance_rate: 0.5 },
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
  const problem = (body: unknown) => read_routing_policy(body).problem
  expect(problem({ version: 'odd', score: 'v3' })).toBe('score must be v1 or v2')
  expect(problem({ version: 'odd', score: 'v1', table: { ...table, capacity_buffer: 100 } })).toBe(
    'table.capacity_buffer must be a whole number from 0 to 99',
  )
  expect(problem({ version: 'routing-1', score: 'v2' })).toContain('is the name of the built-in policy')
  expect([problem({ version: 'routing-1', score: 'v1' }), problem(null)]).toEqual([null, null])
  const odd = { version: 'odd', score: 'v2', table: { acceptance: 'luck' } }
  expect(of({ 'routing_policies|*': odd }).routing).toBe(default_routing)
})

it('compiles a body once', () => {
  let calls = 0
  const compile = once(() => ++calls)
  const body = {}
  expect([compile(body), compile(body), compile({}), compile(null), compile(null)]).toEqual([1, 1, 2, 3, 4])
})
