/** The probe's rows at the end of a run: every state followed from the one before it, and every timer fired once. */
import type { Shared } from './cluster.ts'
import { committed_rows } from './committed.ts'
import type { Expected } from './oracle.ts'
import { ALARM_MS, chain, type ProbeRow, REST_MS } from './probe.ts'
import { hold } from './violation.ts'

/** Per key an unbroken chain of rows that takes in every event once and ends with its timers. */
export const check_probes = ({ broker, app }: Pick<Shared, 'broker' | 'app'>, expected: Expected): void => {
  const rows = committed_rows<ProbeRow>(broker, app, 'probes')
  const rule = 'the chain of states is unbroken'
  const by_key = new Map<string, ProbeRow[]>()
  for (const { key, row } of rows) by_key.set(key, [...(by_key.get(key) ?? []), row])
  for (const [key, chained] of by_key) {
    let before = { n: 0, after: 0 }
    const causes = new Set<string>()
    const hours = new Map<number, number>()
    for (const row of chained) {
      const said = () => `${key} ${row.kind} ${row.n} of ${row.cause_id}: after ${before.n}`
      hold(row.n === before.n + 1 && row.before === before.after, rule, said)
      hold(row.after === chain(row.before, row.kind, row.cause_id, row.price), rule, said)
      before = row
      if (row.kind !== 'record') continue
      hold(!causes.has(row.cause_id), 'an event is taken in once', said)
      causes.add(row.cause_id)
      const hour = Math.floor(row.occurred_at / 3_600_000)
      hours.set(hour, (hours.get(hour) ?? 0) + 1)
      hold(row.seen_that_hour === hours.get(hour), 'slots are kept', said)
    }
    const wanted = expected.probed.get(key) ?? new Set()
    hold(
      causes.size === wanted.size && [...causes].every(id => wanted.has(id)),
      'every event is taken in',
      () => `${key}: ${[...causes]} for ${[...wanted]}`,
    )
    check_timers(key, chained)
  }
  hold(
    by_key.size === expected.probed.size,
    'every event is taken in',
    () => `${by_key.size} keys of ${expected.probed.size}`,
  )
  const copies = committed_rows(broker, app, 'probe_copies').map(({ row }) => JSON.stringify(row))
  hold(
    copies.sort().join() ===
      rows
        .map(({ row }) => JSON.stringify(row))
        .sort()
        .join(),
    'two consumers see one stream',
    () => `${copies.length} copies of ${rows.length}`,
  )
}

/** Each timer set last has fired once, when it was due. */
const check_timers = (key: string, rows: readonly ProbeRow[]): void => {
  const last = rows.findLast(row => row.kind === 'record')
  if (!last) return
  for (const [kind, ms] of [
    ['rest', REST_MS],
    ['alarm', ALARM_MS],
  ] as const) {
    const fired = rows.filter(row => row.kind === kind && row.n > last.n)
    hold(
      fired.length === 1 && fired[0]?.occurred_at === last.occurred_at + ms,
      'a timer fires once, when due',
      () => `${key}: ${kind} fired ${fired.length} times after ${last.n}`,
    )
  }
}
