/** Touches, own and claimed, and movements of money become conversions with the path that led to them. */
import { filter } from 'rxjs'
import { buildPaths } from '../operators/attribution/build-paths.ts'
import { pipeline, tagged } from '../operators/core/keyed.ts'

export default pipeline({
  name: 'attribution-paths',
  keyed_by: 'customer',
  since: 'beginning',
  build: ({ from, to }) => {
    const touches = from(
      'touchpoints',
      'customer_id',
      'channel',
      'campaign',
      'content_id',
      'cost_minor',
      'currency',
    )
    const identified = from(
      'identified_touches',
      'anonymous_id',
      'retracted',
      'channel',
      'campaign',
      'content_id',
      'cost_minor',
      'currency',
    )
    const payment = from('payments', 'type', 'payment_id', 'amount_minor', 'currency')
    // Whoever is not known yet pays nothing: their touches come back as identified ones.
    const touch = touches.pipe(filter(({ customer_id }) => customer_id !== null))
    to('conversions', tagged({ touch, identified, payment }).pipe(buildPaths()))
  },
})
