/** Committed records of a simulated topic as decoded rows, read with avsc's own full decoder. */
import avsc from 'avsc'
import type { App } from '../../runtime/app.ts'
import { definitions } from '../../schemas/definitions.ts'
import type { Batch } from '../../schemas/types.ts'
import type { Broker, Partition } from './broker.ts'

export interface Committed<T = Readonly<Record<string, unknown>>> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string
  readonly row: T
}

const types = new WeakMap<object, avsc.Type>()
const type_of = (schema: object): avsc.Type => {
  const known = types.get(schema)
  if (known) return known
  const type = avsc.Type.forSchema(schema as avsc.Schema, { registry: {} })
  types.set(schema, type)
  return type
}

export const type_of_topic = (app: App, topic: string): avsc.Type =>
  type_of(app.schemas[app.topics[topic]?.schema ?? ''] ?? definitions.batch_log)

export const committed_records = (partition: Partition) =>
  partition.entries.flatMap(({ record, transaction }) =>
    record && (!transaction || transaction.outcome === 'committed') ? [record] : [],
  )

/** What was decoded of a partition that has not changed since, nor has a transaction open. */
const decoded = new WeakMap<
  Partition,
  { readonly length: number; readonly rows: readonly Committed<unknown>[] }
>()

/** Rows of one partition, in offset order; marks between tasks are left out. */
export const partition_rows = <T = Readonly<Record<string, unknown>>>(
  app: App,
  partition: Partition,
): readonly Committed<T>[] => {
  const { topic, index } = partition
  const known = decoded.get(partition)
  const { length } = partition.entries
  if (known?.length === length) return known.rows as readonly Committed<T>[]
  const type = type_of_topic(app, topic)
  const rows: Committed<T>[] = []
  for (const { offset, key, value } of committed_records(partition))
    if (value !== null) {
      const row = type.fromBuffer(value.subarray(5)) as T
      rows.push({ topic, partition: index, offset, key: key?.toString() ?? '', row })
    }
  if (partition.open.size === 0) decoded.set(partition, { length, rows })
  return rows
}

/** Rows of one topic, partition after partition. */
export const committed_rows = <T = Readonly<Record<string, unknown>>>(
  broker: Broker,
  app: App,
  topic: string,
): Committed<T>[] => (broker.partitions(topic) ?? []).flatMap(partition => partition_rows<T>(app, partition))

/** The batch record of one seq, if it is committed. */
export const committed_batch = (partition: Partition, seq: number): Batch | null => {
  const type = type_of(definitions.batch_log)
  for (let i = partition.entries.length - 1; i >= 0; i--) {
    const { record, transaction } = partition.entries[i] ?? {}
    if (!record?.value || (transaction && transaction.outcome !== 'committed')) continue
    const batch = type.fromBuffer(record.value.subarray(5)) as Batch
    if (batch.kind === 'batch' && batch.seq === seq) return batch
    if (batch.kind === 'batch' && batch.seq < seq) return null
  }
  return null
}
