/** Who is told of alerts, and when. */
import { groupAlerts } from '../operators/alert/group-alerts.ts'
import { heard } from '../operators/alert/hear-alert.ts'
import { pipeline } from '../operators/core/keyed.ts'

export default pipeline({
  name: 'alert-delivery',
  keyed_by: 'tenant',
  since: 'beginning',
  build: ({ from, to }) => to('notifications', from('alerts', ...heard).pipe(groupAlerts())),
})
