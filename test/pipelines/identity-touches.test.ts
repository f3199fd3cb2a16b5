import { expect } from 'vitest'
import type { Touchpoint } from '../../schemas/types.ts'
import { minutes } from '../../schemas/units.ts'
import { run_rounds } from '../driver/rounds.ts'
import { scenario } from '../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)
const touch = (event_id: string, after_ms: number, more: Partial<Touchpoint>): Partial<Touchpoint> => ({
  event_id,
  tenant_id: 'acme',
  occurred_at: T + after_ms,
  channel: 'search',
  interaction: 'click',
  currency: 'EUR',
  ...more,
})

scenario('the visitor’s touches are handed on, the customer’s own are not', 'customer', d => {
  d.send('touchpoints', [
    touch('a', 0, {
      anonymous_id: 'v1',
      campaign: 'spring',
      content_id: 'teaser',
      cost_minor: 12,
      interaction: 'view',
    }),
    touch('b', minutes(1), { anonymous_id: 'v1', customer_id: 'ada' }),
    touch('i', minutes(2), { anonymous_id: 'v1', customer_id: 'ada', interaction: 'identify' }),
    touch('z', minutes(3), { anonymous_id: 'v1', tenant_id: 'other' }),
  ])
  run_rounds(d)
  expect(d.outputs('identified_touches')).toEqual([
    {
      event_id: 'a',
      tenant_id: 'acme',
      customer_id: 'ada',
      anonymous_id: 'v1',
      occurred_at: T,
      revision: 1,
      retracted: false,
      channel: 'search',
      campaign: 'spring',
      content_id: 'teaser',
      interaction: 'view',
      cost_minor: 12,
      currency: 'EUR',
    },
  ])
})
