/** Outputs without what depends on where batches end: of partial topics what the rows of one identity add up to. */
import type { App } from '../../runtime/app.ts'

type Row = Record<string, unknown>
export interface Written {
  readonly topic: string
  readonly row: unknown
}

export const sum_partial = (app: App, outputs: readonly Written[]) => {
  const whole: Written[] = []
  const sums = new Map<string, Row>()
  for (const output of outputs) {
    const partial = app.topics[output.topic]?.partial
    if (!partial) {
      whole.push(output)
      continue
    }
    const { event_id: _, ...row } = output.row as Row
    const numbers = [...partial.adds, ...(partial.bins ? [partial.bins] : [])]
    const id = JSON.stringify([output.topic, Object.entries(row).filter(([name]) => !numbers.includes(name))])
    const sum: Row = sums.get(id) ?? {}
    for (const name of partial.adds) sum[name] = Number(sum[name] ?? 0) + Number(row[name])
    for (const { bin, count } of (partial.bins ? row[partial.bins] : []) as { bin: number; count: number }[])
      sum[`bin ${bin}`] = Number(sum[`bin ${bin}`] ?? 0) + count
    sums.set(id, sum)
  }
  const sorted = [...sums].sort(([a], [b]) => (a < b ? -1 : 1))
  return { whole, sums: sorted.map(([id, sum]) => [id, Object.entries(sum).sort()] as const) }
}
