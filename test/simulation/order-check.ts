/** What must hold of the order in which things were committed, and of whose they are. */
import { key_groups } from '../../runtime/app.ts'
import { batch_log_topic } from '../../schemas/topics.ts'
import type { Batch } from '../../schemas/types.ts'
import type { Transaction } from './broker.ts'
import type { Shared } from './cluster.ts'
import { committed_rows, type_of_topic } from './committed.ts'
import { FUSSY } from './fussy.ts'
import { simulated_settings } from './simulated-app.ts'
import { hold } from './violation.ts'

const WINDOW_MS = 300_000

/** Batches keep to their bounds and their time never goes back; no window is written before its end. */
export const check_bounds = ({ broker, app, timers_max }: Shared): void => {
  const by_transaction = new Map<Transaction, Batch>()
  for (const { name } of key_groups(app)) {
    const type = type_of_topic(app, batch_log_topic(name))
    for (const { index, entries } of broker.partitions(batch_log_topic(name)) ?? []) {
      let time_ms = Number.NEGATIVE_INFINITY
      let aside: readonly string[] = []
      const failures = new Map<string, number>()
      for (const { record, transaction } of entries) {
        if (!record?.value || !transaction || transaction.outcome !== 'committed') continue
        const batch = type.fromBuffer(record.value.subarray(5)) as Batch
        by_transaction.set(transaction, batch)
        if (batch.kind !== 'batch') continue
        const said = () => `${name}.${index} batch ${batch.seq}`
        const now_ms = batch.stream_time_ms ?? time_ms
        hold(now_ms >= time_ms, 'stream time never goes back', said)
        time_ms = now_ms
        const stays = aside.every(pipeline => batch.quarantined.includes(pipeline))
        hold(stays, 'who is set aside stays so', said)
        aside = batch.quarantined
        // What it counts is forgotten with its owner, and a batch ends before anybody is set aside.
        const failed = failures.get(batch.nonce) ?? 0
        hold(failed < 100 || aside.includes(FUSSY), 'a pipeline that only fails is set aside', said)
        const here = batch.left_out.filter(({ pipelines }) => pipelines.includes(FUSSY)).length
        failures.set(batch.nonce, failed + here)
        const records = batch.ranges.reduce((sum, range) => sum + range.count, 0)
        hold(records <= simulated_settings.batch_records_max, 'a batch keeps to its bounds', said)
        hold(batch.timers <= timers_max, 'a batch keeps to its bounds', said)
      }
    }
  }
  const windows = type_of_topic(app, 'revenue_windows')
  for (const { entries } of broker.partitions('revenue_windows') ?? [])
    for (const { record, transaction } of entries) {
      if (!record?.value || transaction?.outcome !== 'committed') continue
      const { occurred_at } = windows.fromBuffer(record.value.subarray(5)) as { occurred_at: number }
      const time_ms = by_transaction.get(transaction)?.stream_time_ms ?? Number.NEGATIVE_INFINITY
      const rule = 'no window is written before its end'
      hold(time_ms >= occurred_at + WINDOW_MS, rule, () => `of ${occurred_at} at ${time_ms}`)
    }
}

/** A row's key and its tenant are one tenant's. */
export const check_tenants = ({ broker, app }: Shared): void => {
  for (const [topic, { role }] of Object.entries(app.topics)) {
    if (role === 'input' || topic === 'dead_letters') continue
    for (const { key, row } of committed_rows(broker, app, topic))
      hold(
        key === row.tenant_id || key.startsWith(`${row.tenant_id}|`),
        'no row crosses tenants',
        () => `${topic}: ${key} of ${row.tenant_id}`,
      )
  }
}
