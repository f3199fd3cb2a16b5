import { expect, it } from 'vitest'
import { areas_of, market_ratio_of, place_of } from '../../../operators/lead/place-lead.ts'
import { spelled_place } from '../../../operators/pricing/read-buyers.ts'
import { known, NOWHERE } from './lead-knowledge.ts'

it('areas are spelled like the catalog, null where nothing was said', () => {
  expect(areas_of(known({ zip_code: ' 10021 ', borough: 'Manhattan' }))).toEqual({
    zip_code: '10021',
    borough: 'manhattan',
    neighborhood: null,
  })
})

it('areas are spelled as buyers’ areas are: who buys there gets the lead', () => {
  const areas = areas_of(
    known({ zip_code: 'SW1A 1AA', borough: 'Staten  Island', neighborhood: ' Saint-Denis' }),
  )
  expect(areas).toEqual({ zip_code: 'sw1a 1aa', borough: 'staten_island', neighborhood: 'saint_denis' })
  expect(spelled_place(areas)).toEqual(areas)
})

it('asks the catalog for each area that is known, and for no other', () => {
  const asked: string[] = []
  const market = (id: string) => {
    asked.push(id)
    return id === 'manhattan' ? { revenue_ratio: 1.2 } : undefined
  }
  const areas = { zip_code: '10021', borough: 'manhattan', neighborhood: null }
  expect(place_of(areas, market)).toEqual({ ...NOWHERE, borough: { revenue_ratio: 1.2 } })
  expect(asked.sort()).toEqual(['10021', 'manhattan'])
})

it('the narrowest ratio counts; none, and one that makes no sense, is 1', () => {
  const ratio = (revenue_ratio: unknown) => ({ revenue_ratio }) as { revenue_ratio: number }
  const all = { zip_code: ratio(1.3), neighborhood: ratio(1.2), borough: ratio(1.1) }
  expect(market_ratio_of(all)).toBe(1.3)
  expect(market_ratio_of({ ...all, zip_code: {} })).toBe(1.2)
  expect(market_ratio_of({ ...NOWHERE, borough: ratio(1.1) })).toBe(1.1)
  expect(
    [ratio(-1), ratio('2'), ratio(101), ratio(null)].map(borough => market_ratio_of({ ...NOWHERE, borough })),
  ).toEqual([1, 1, 1, 1])
  expect(market_ratio_of(NOWHERE)).toBe(1)
})
