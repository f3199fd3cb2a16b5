import { expect } from 'vitest'
import type { Touchpoint } from '../../schemas/types.ts'
import { minutes } from '../../schemas/units.ts'
import { scenario } from '../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)
const touch = (event_id: string, after_ms: number, more: Partial<Touchpoint>): Partial<Touchpoint> => ({
  event_id,
  tenant_id: 'acme',
  occurred_at: T + after_ms,
  channel: 'direct',
  interaction: 'identify',
  currency: 'EUR',
  ...more,
})

scenario('only who identifies, and names the visitor, is a link', 'customer', d => {
  d.send('touchpoints', [
    touch('a', 0, { customer_id: 'ada', anonymous_id: 'v1' }),
    touch('b', 1, { customer_id: 'ada' }),
    touch('c', 2, { anonymous_id: 'v1' }),
    touch('d', 3, { customer_id: 'ada', anonymous_id: 'v1', interaction: 'click' }),
    // Late, and of another visitor of the same customer.
    touch('e', minutes(30), { customer_id: 'bo' }),
    touch('f', minutes(1), { customer_id: 'ada', anonymous_id: 'v2' }),
  ])
  d.run()
  expect(d.outputs('identity_links')).toEqual([
    { event_id: 'a', tenant_id: 'acme', anonymous_id: 'v1', identified_as: 'ada', occurred_at: T },
    {
      event_id: 'f',
      tenant_id: 'acme',
      anonymous_id: 'v2',
      identified_as: 'ada',
      occurred_at: T + minutes(1),
    },
  ])
})
