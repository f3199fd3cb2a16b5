/** What workers count of themselves, added up over workers that came and went. */
export interface Metered {
  /** Of tasks, by kind. */
  readonly recoveries: Readonly<Record<string, number>>
  /** Records read again by them. */
  readonly replayed_records: Readonly<Record<string, number>>
  readonly inserted_rows: number
}

export const no_metrics = (): Metered => ({ recoveries: {}, replayed_records: {}, inserted_rows: 0 })

export const add_counts = (
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> => {
  const sum = { ...a }
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count
  return sum
}

export const add_metrics = (a: Metered, b: Metered): Metered => ({
  recoveries: add_counts(a.recoveries, b.recoveries),
  replayed_records: add_counts(a.replayed_records, b.replayed_records),
  inserted_rows: a.inserted_rows + b.inserted_rows,
})

/** From the text of /metrics: `tributary_recoveries_total{…kind="replayed"…} 3` and the like. */
export const read_metrics = (text: string): Metered => {
  const by_label = (name: string, label: string): Record<string, number> => {
    const sums: Record<string, number> = {}
    const lines = new RegExp(`^tributary_${name}\\{.*${label}="([^"]+)".*\\} (\\d+)$`, 'gm')
    for (const [, value, count] of text.matchAll(lines)) sums[value!] = (sums[value!] ?? 0) + Number(count)
    return sums
  }
  return {
    recoveries: by_label('recoveries_total', 'kind'),
    replayed_records: by_label('replayed_records_total', 'kind'),
    inserted_rows: Object.values(by_label('sink_rows_total', 'table')).reduce((sum, rows) => sum + rows, 0),
  }
}
