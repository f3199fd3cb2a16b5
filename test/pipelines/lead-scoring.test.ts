import { expect } from 'vitest'
import { minutes } from '../../schemas/units.ts'
import { scenario } from '../driver/scenario.ts'
import { said } from '../operators/conversation/talk.ts'

scenario(
  'each event of a conversation gives one score, and one lead on its way to the prices',
  'customer',
  d => {
    d.send('conversations', [
      said('1', 0, { type: 'started' }),
      said('2', minutes(2), {}, { homeowner_verified: true, bill_amount_minor: 25_000 }),
      said('1', minutes(3), { customer_id: 'bo', type: 'handed_off' }),
    ])
    d.run()
    const scores = d.outputs('lead_scores').map(row => [row.customer_id, row.event_id, row.total_score])
    expect(scores).toEqual([
      ['ada', '1', 8.5],
      ['ada', '2', 32.1],
      ['bo', '1', 8.5],
    ])
    const leads = d.outputs('leads')
    expect(leads.map(row => [row.event_id, row.type, row.total_score, row.duration_ms])).toEqual([
      ['ada|1', 'started', 8.5, 0],
      ['ada|2', 'message', 32.1, minutes(2)],
      ['bo|1', 'handed_off', 8.5, 0],
    ])
    expect(d.outcomes).toMatchObject({ processed: 3, late: 0, dead_letter: 0 })
  },
)
