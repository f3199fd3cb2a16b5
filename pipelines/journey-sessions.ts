/** Touches become sessions. */
import { pipeline } from '../operators/core/keyed.ts'
import { groupSessions } from '../operators/journey/group-sessions.ts'

export default pipeline({
  name: 'journey-sessions',
  keyed_by: 'customer',
  since: 'beginning',
  build: ({ from, to }) => {
    const touches = from('touchpoints', 'customer_id', 'anonymous_id', 'channel', 'campaign', 'funnel_step')
    to('sessions', touches.pipe(groupSessions()))
  },
})
