import { expect, test } from 'vitest'
import { minutes } from '../../schemas/units.ts'
import { Driver } from '../driver/driver.ts'
import { scenario } from '../driver/scenario.ts'
import { enter, FIRST_EXAMPLE, said } from '../operators/conversation/talk.ts'
import { handed_off, lead, send } from '../operators/pricing/leads.ts'

scenario('each scored lead gets one price of its own tenant, beside all other pipelines', 'tenant', d => {
  send(d, [lead('1'), lead('2', { quality_tier: 'unqualified' }), handed_off('bo', { tenant_id: 'other' })])
  d.run()
  expect(d.outputs('prices').map(row => [row.tenant_id, row.event_id, row.buyer_tier])).toEqual([
    ['acme', 'ada|1', 'premium'],
    ['acme', 'ada|2', null],
    ['other', 'bo|h', 'premium'],
  ])
  expect(d.outcomes).toMatchObject({ late: 0, dead_letter: 0 })
})

test('from conversation to price, through both stages', async () => {
  const customers = await Driver.open('customer', { batch: 7 })
  enter(customers, 'markets', 'manhattan', { revenue_ratio: 1.2 })
  customers.send('conversations', [
    said('1', 0, { technical_question: true, sentiment: 0.5 }, { install_timeline: 'asap' }),
    said('2', minutes(2), {}, { credit_signal: 'good', decision_role: 'primary', comparing_offers: true }),
    said('3', minutes(3.5), { type: 'handed_off', text: FIRST_EXAMPLE.text }, FIRST_EXAMPLE.context),
  ])
  customers.run()
  const tenants = await Driver.open('tenant', { batch: 7 })
  send(tenants, customers.outputs('leads'))
  tenants.run()
  // 31 base, 2.8 + 2 + 3.5 + 5.25 behaviour, 20 timing, 5 market.
  expect(customers.outputs('lead_scores').at(-1)).toMatchObject({ total_score: 69.55, quality_tier: 'basic' })
  expect(tenants.outputs('prices').map(row => row.buyer_tier)).toEqual([null, null, 'volume'])
  expect(tenants.outputs('prices').at(-1)).toMatchObject({
    event_id: 'ada|3',
    cause_event_id: '3',
    price_minor: 7500,
    revenue_potential_minor: 9000,
    // 90.00 in 3.5 minutes.
    revenue_per_minute_minor: 2571,
  })
})
