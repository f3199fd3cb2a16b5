import { expect, it } from 'vitest'
import { buyers_of, lies_in, spelled_place } from '../../../operators/pricing/read-buyers.ts'

const one = (more: object) => buyers_of({ buyers: [{ buyer_id: 'a', tier: 'premium', ...more }] })?.[0]

it('reads a buyer of whom only name and tier are said', () => {
  expect(one({})).toEqual({
    buyer_id: 'a',
    slot_id: 'buyer|a',
    tier: 'premium',
    paused: false,
    base_minor: null,
    floor_minor: null,
    ceiling_minor: null,
    hourly_cap: null,
    daily_cap: null,
    zone: null,
    hours: null,
    areas: null,
    preferred_areas: null,
    qualities: null,
    least_score: Number.NEGATIVE_INFINITY,
    suppressed: new Set(),
    acceptance_prior: 0.85,
  })
})

it('orders them by id; the first of an id holds; what is no buyer is left out', () => {
  const list = [
    { buyer_id: 'b', tier: 'premium' },
    { buyer_id: 'a', tier: 'volume' },
    { buyer_id: 'b', tier: 'direct' },
    { buyer_id: 'c', tier: 'gold' },
    { buyer_id: '', tier: 'premium' },
    { tier: 'premium' },
    null,
    7,
  ]
  expect(buyers_of({ buyers: list })?.map(({ buyer_id, tier }) => [buyer_id, tier])).toEqual([
    ['a', 'volume'],
    ['b', 'premium'],
  ])
  expect([null, undefined, 'x', {}, { buyers: 'a' }, [1]].map(buyers_of)).toEqual(Array(6).fill(null))
})

it('compiles an entry once', () => {
  const body = { buyers: [{ buyer_id: 'a', tier: 'premium' }] }
  expect(buyers_of(body)).toBe(buyers_of(body))
})

it('pauses a buyer of whom something cannot be meant, rather than to forget a cap', () => {
  const doubtful = [
    { daily_cap: '10' },
    { daily_cap: -1 },
    { hourly_cap: 1.5 },
    { base_minor: 1e12 },
    { zone: 'Nowhere/Else' },
    { hours: { from: 9 } },
    { hours: { from: 9, to: 25, days: [1] } },
    { hours: { from: 9, to: 17, days: [0] } },
    { areas: 'brooklyn' },
    { suppressed: [1] },
    { least_score: '70' },
    { acceptance_prior: 1.1 },
    { paused: 'no' },
    // Which of the two holds?
    { floor_minor: 500, ceiling_minor: 499 },
  ]
  for (const more of doubtful) expect([more, one(more)?.paused]).toEqual([more, true])
  expect(one({ daily_cap: null, paused: false })?.paused).toBe(false)
  expect(one({ floor_minor: 500, ceiling_minor: 500 })?.paused).toBe(false)
})

it('knows areas by the beginning of a ZIP code, and by name in any spelling', () => {
  const areas = one({ areas: ['112', 'Upper East Side', 'manhattan'] })?.areas
  if (!areas) throw new Error('no areas')
  const place = { zip_code: null, borough: null, neighborhood: null }
  const lies = (more: object) => lies_in(spelled_place({ ...place, ...more }), areas)
  expect(lies({ zip_code: ' 11215' })).toBe(true)
  expect(lies({ zip_code: '10021' })).toBe(false)
  expect(lies({ neighborhood: 'upper_east_side' })).toBe(true)
  expect(lies({ neighborhood: 'Upper East-Side' })).toBe(true)
  expect(lies({ borough: 'Manhattan' })).toBe(true)
  expect(lies({})).toBe(false)
})
