import { expect } from 'vitest'
import { minutes } from '../../schemas/units.ts'
import { scenario } from '../driver/scenario.ts'

const T = Date.UTC(2026, 0, 5)
const of = (event_id: string, at: number) => ({
  event_id,
  tenant_id: 'acme',
  customer_id: 'a|da',
  occurred_at: T + minutes(at),
})

scenario('beside the other pipelines, feedback goes on to the tenant as it is, each once', 'customer', d => {
  d.send('feedback', [
    { ...of('f1', 0), decision_id: 'd1', buyer_id: 'solarreviews', outcome: 'accepted' },
    { ...of('f2', 9), outcome: 'converted', amount_minor: 27_500, currency: 'USD', reason: 'sold' },
  ])
  d.run()
  const none = { decision_id: null, buyer_id: null, reason: null, amount_minor: null, currency: null }
  const said = { tenant_id: 'acme', customer_id: 'a|da' }
  expect(d.outputs('lead_feedback')).toEqual([
    {
      ...none,
      ...said,
      event_id: 'a%7Cda|f1',
      occurred_at: T,
      decision_id: 'd1',
      buyer_id: 'solarreviews',
      outcome: 'accepted',
    },
    {
      ...none,
      ...said,
      event_id: 'a%7Cda|f2',
      occurred_at: T + minutes(9),
      outcome: 'converted',
      reason: 'sold',
      amount_minor: 27_500,
      currency: 'USD',
    },
  ])
  expect(d.outcomes).toMatchObject({ late: 0, dead_letter: 0 })
})
