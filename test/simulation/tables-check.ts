/** The warehouse at the end of a run: what a reader with FINAL sees is what was committed and accepted. */
import { key_groups } from '../../runtime/app.ts'
import { batch_log_topic } from '../../schemas/topics.ts'
import type { Batch } from '../../schemas/types.ts'
import type { Shared } from './cluster.ts'
import { type Committed, committed_rows } from './committed.ts'
import type { Expected } from './oracle.ts'
import { fail, hold } from './violation.ts'

/**
 * Tables read with FINAL hold what the log holds: outputs all, inputs what was accepted, batches every
 * batch.
 */
export const check_tables = ({ broker, app, warehouse }: Shared, expected: Expected): void => {
  // A topic and the one where its records come in again fill one table: a place alone is not enough.
  const place = (partition: unknown, offset: unknown, row: Readonly<Record<string, unknown>>) =>
    `${partition}/${offset} ${row.event_id}`
  for (const [topic, spec] of Object.entries(app.topics)) {
    if (!spec.table || spec.role === 'internal' || spec.of) continue
    const wanted = new Map<string, Readonly<Record<string, unknown>>>()
    if (spec.role === 'input') {
      for (const { partition, offset, sent, judgement, redriven } of expected.judged)
        if (sent.topic === topic && !redriven && (judgement === 'accepted' || judgement === 'failed'))
          wanted.set(place(partition, offset, sent.row), sent.row)
    } else {
      const newest = new Map<string, Committed>()
      const identity = spec.table.order_by ?? ['event_id']
      for (const row of committed_rows(broker, app, topic))
        newest.set(`${row.key} ${identity.map(field => row.row[field])}`, row)
      for (const { partition, offset, row } of newest.values()) wanted.set(place(partition, offset, row), row)
    }
    const found = warehouse.final(topic)
    for (const row of found) {
      const here = place(row._partition, row._offset, row)
      const want = wanted.get(here)
      if (!want) fail('tables hold what was committed', `${topic} has ${here}`)
      for (const [field, value] of Object.entries(want))
        hold(same(row[field], value), 'tables hold what was committed', () => `${topic} ${here}: ${field}`)
    }
    hold(
      found.length === wanted.size,
      'tables hold what was committed',
      () => `${topic}: ${found.length} rows of ${wanted.size}`,
    )
  }
  const batches = key_groups(app).flatMap(group =>
    committed_rows<Batch>(broker, app, batch_log_topic(group.name)),
  )
  const kept = warehouse.final('batches')
  hold(
    kept.length === batches.length,
    'the table batches is the batch log',
    () => `${kept.length} rows of ${batches.length}`,
  )
}

const same = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)
