/** Touches of anonymous visitors go to the customers that they turn out to be. */
import { filter } from 'rxjs'
import { pipeline, tagged } from '../operators/core/keyed.ts'
import { claimTouches } from '../operators/identity/claim-touches.ts'

export default pipeline({
  name: 'identity-touches',
  keyed_by: 'customer',
  since: 'beginning',
  build: ({ from, to }) => {
    const touches = from(
      'touchpoints',
      'customer_id',
      'anonymous_id',
      'channel',
      'campaign',
      'content_id',
      'interaction',
      'cost_minor',
      'currency',
    )
    const touch = touches.pipe(filter(({ customer_id }) => customer_id === null))
    const link = from('identity_links', 'identified_as')
    to('identified_touches', tagged({ touch, link }).pipe(claimTouches()))
  },
})
