/** Metrics: counters add up, gauges follow the statuses and forget what is no longer held. */
import { expect, it } from 'vitest'
import { create_metrics } from '../../runtime/metrics.ts'
import type { SinkStatus, TaskStatus } from '../../runtime/worker-types.ts'

const task = (over: Partial<TaskStatus>): TaskStatus => ({
  group: 'customer',
  partition: 0,
  state: 'live',
  committed_seq: 5,
  checkpoint_seq: 5,
  checkpoint_at: 1000,
  stream_time_ms: 880_000_000_000,
  lag: { payments: 3 },
  quarantined: [],
  error: null,
  ...over,
})

it('counts what is observed', async () => {
  const metrics = create_metrics()
  metrics.observe.outcome('payments', 'processed', 7)
  metrics.observe.outcome('payments', 'processed', 2)
  metrics.observe.stage('decode', 900, 9)
  metrics.observe.inserted('ledger', 4, 2500)
  metrics.request('POST', '/v1/events/:topic', 202, 0.004)
  const text = await metrics.text()
  expect(text).toContain('tributary_records_total{topic="payments",outcome="processed"} 9')
  expect(text).toContain('tributary_stage_ns_total{stage="decode"} 900')
  expect(text).toContain('tributary_sink_delay_seconds{table="ledger"} 2.5')
  expect(text).toContain('route="/v1/events/:topic",status="202"} 1')
})

it('shows tasks, lag and checkpoint age as of the scrape', async () => {
  const metrics = create_metrics()
  let tasks = [task({}), task({ partition: 1, committed_seq: 9, lag: { payments: 4 }, state: 'recovering' })]
  const stop = async () => {}
  metrics.watch(
    { status: () => tasks, stop },
    { status: () => [{ partition: 0, lag: { ledger: 6 }, error: null }], stop },
    () => 4000,
  )
  const before = await metrics.text()
  expect(before).toContain('tributary_lag_records{group="customer",topic="payments"} 7')
  expect(before).toContain('tributary_tasks{group="customer",state="live"} 1')
  expect(before).toContain('tributary_tasks{group="customer",state="recovering"} 1')
  expect(before).toContain('tributary_tasks{group="customer",state="blocked"} 0')
  expect(before).toContain('tributary_checkpoint_lag_batches{group="customer",partition="1"} 4')
  expect(before).toContain('tributary_checkpoint_age_seconds{group="customer",partition="0"} 0')
  expect(before).toContain('tributary_checkpoint_age_seconds{group="customer",partition="1"} 3')
  expect(before).toContain('tributary_sink_lag_records{topic="ledger"} 6')
  tasks = [task({})]
  expect(await metrics.text()).not.toContain('partition="1"')
})

it('shows what keeps rows out of the warehouse, and for how long', async () => {
  const metrics = create_metrics()
  const standstill = { code: '252', error: 'too many parts', since: 1000, tries: 4 }
  let sink: SinkStatus[] = [
    { partition: 0, lag: {}, error: 'too many parts', standstill, waiting_ms: 2500 },
    { partition: 1, lag: {}, error: 'too many parts', standstill, waiting_ms: 2500 },
  ]
  const stop = async () => {}
  metrics.watch(null, { status: () => sink, stop }, () => 4000)
  metrics.observe.sink_error('252')
  metrics.observe.sink_error('252')
  const before = await metrics.text()
  expect(before).toContain('tributary_sink_errors_total{code="252"} 2')
  expect(before).toContain('tributary_sink_standstill_seconds{code="252"} 3')
  expect(before).toContain('tributary_sink_waiting_seconds 2.5')
  sink = [{ partition: 0, lag: {}, error: null, standstill: null, waiting_ms: 0 }]
  const after = await metrics.text()
  expect(after).toContain('tributary_sink_waiting_seconds 0')
  expect(after).not.toContain('tributary_sink_standstill_seconds{')
})

it('says in how many partitions a pipeline is set aside, and no more once it is back', async () => {
  const metrics = create_metrics()
  let quarantined: readonly string[] = ['revenue-ledger']
  const tasks = () => [task({ quarantined }), task({ partition: 1, quarantined })]
  metrics.watch({ status: tasks, stop: async () => {} }, null, () => 0)
  expect(await metrics.text()).toContain(
    'tributary_quarantined{group="customer",pipeline="revenue-ledger"} 2',
  )
  quarantined = []
  expect(await metrics.text()).not.toContain('revenue-ledger')
})
