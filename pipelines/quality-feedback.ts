/** Buyers' feedback on its way to the tenant's routes. */
import { map } from 'rxjs'
import { pipeline } from '../operators/core/keyed.ts'
import { pass_feedback } from '../operators/quality/pass-feedback.ts'

export default pipeline({
  name: 'quality-feedback',
  keyed_by: 'customer',
  since: 'beginning',
  build: ({ from, to }) => {
    const feedback = from(
      'feedback',
      'customer_id',
      'decision_id',
      'buyer_id',
      'outcome',
      'reason',
      'amount_minor',
      'currency',
    )
    to('lead_feedback', feedback.pipe(map(pass_feedback)))
  },
})
