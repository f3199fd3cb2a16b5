/** Visitors who say who they are become links, keyed by the anonymous visitor. */
import { filter, map } from 'rxjs'
import { pipeline } from '../operators/core/keyed.ts'

export default pipeline({
  name: 'identity-links',
  keyed_by: 'customer',
  since: 'beginning',
  build: ({ from, to }) => {
    const touches = from('touchpoints', 'customer_id', 'anonymous_id', 'interaction')
    const links = touches.pipe(
      filter(
        ({ interaction, customer_id, anonymous_id }) =>
          interaction === 'identify' && customer_id !== null && anonymous_id !== null,
      ),
      map(({ event_id, tenant_id, occurred_at, customer_id, anonymous_id }) => ({
        event_id,
        tenant_id,
        occurred_at,
        anonymous_id: anonymous_id as string,
        identified_as: customer_id as string,
      })),
    )
    to('identity_links', links)
  },
})
