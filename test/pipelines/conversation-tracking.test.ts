import { expect } from 'vitest'
import { minutes } from '../../schemas/units.ts'
import { scenario } from '../driver/scenario.ts'
import { said } from '../operators/conversation/talk.ts'

scenario('each event of a conversation says how it stands, beside all other pipelines', 'customer', d => {
  d.send('conversations', [
    said('1', 0, { type: 'started' }),
    said('2', minutes(1), { type: 'objection', sentiment: -0.5 }),
    said('1', minutes(1), { customer_id: 'bo' }),
  ])
  d.run()
  const rows = d.outputs('conversation_metrics')
  expect(rows.map(row => [row.customer_id, row.event_id, row.recommendations[0]?.code])).toEqual([
    ['ada', '1', 'fill_gaps'],
    ['ada', '2', 'handle_objection'],
    ['bo', '1', 'fill_gaps'],
  ])
  expect(d.outcomes).toMatchObject({ processed: 3, late: 0, dead_letter: 0 })
})
