/** Metrics: counters add up, gauges follow the statuses and forget what is no longer held. */
import { expect, it } from 'vitest'
import { create_metrics } from '../../runtime/metrics.ts'
import type { TaskStatus } from '../../runtime/worker-types.ts'

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
