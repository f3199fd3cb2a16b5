/** Ids of a customer's events among all of the tenant's: no two are one. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { tenant_wide_id } from '../../../operators/core/tenant-wide-id.ts'

it('is customer and event; bars and percent signs of the customer are escaped', () => {
  expect(tenant_wide_id('ada', 'm|1%')).toBe('ada|m|1%')
  expect(tenant_wide_id('50%|a', 'm1')).toBe('50%25%7Ca|m1')
})

it('is one for each customer and event', () => {
  const text = fc
    .array(fc.constantFrom('a', '|', '%', '7C', '25'), { maxLength: 5 })
    .map(parts => parts.join(''))
  const pair = fc.tuple(text, text)
  fc.assert(
    fc.property(pair, pair, (a, b) => {
      expect(tenant_wide_id(...a) === tenant_wide_id(...b)).toBe(a[0] === b[0] && a[1] === b[1])
    }),
    { numRuns: 500 },
  )
})
