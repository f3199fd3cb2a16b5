/** A worker of no tasks for tests: tells a status, answers for metrics, and ends as its second argument says. */
import type { FromWorker, ToWorker } from '../../commands/process/messages.ts'

const [number = '0', manner = 'obeys'] = process.argv.slice(2)
const partition = Number(number)
const send = (message: FromWorker) => process.send?.(message)

if (manner === 'fails' && partition === 1) process.exit(3)
send({
  kind: 'status',
  tasks: [
    {
      group: 'customer',
      partition,
      state: 'live',
      committed_seq: 1,
      checkpoint_seq: 1,
      checkpoint_at: null,
      stream_time_ms: null,
      lag: {},
      error: null,
      quarantined: [],
    },
  ],
  sink: [{ partition, lag: {}, error: null }],
})
// Lives as long as its parent does.
process.on('message', (message: ToWorker) => {
  if (message.kind === 'stop' && manner !== 'deaf') process.exit(0)
  if (message.kind === 'metrics')
    send({
      kind: 'metrics',
      request: message.request,
      values: [
        {
          name: 'tributary_records_total',
          help: 'Input records.',
          type: 'counter' as never,
          aggregator: 'sum',
          values: [{ value: 10 * partition, labels: { topic: 'payments' } }],
        },
      ],
    })
})
