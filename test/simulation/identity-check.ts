/**
 * Whose the touches of anonymous visitors are in the end, computed from the sets of touches and log-ins, and what the
 * pipelines made of it, row by row.
 */
import type { IdentifiedTouch } from '../../schemas/types.ts'
import type { Shared } from './cluster.ts'
import { committed_rows } from './committed.ts'
import type { Judged } from './judge.ts'
import { murmur2_partition } from './murmur.ts'
import type { Expected } from './oracle.ts'
import { PARTITIONS } from './simulated-app.ts'
import { hold } from './violation.ts'

interface LogIn {
  readonly at_ms: number
  readonly id: string
  readonly customer: string
}

/** By `tenant|~visitor event_id`: the customer of the first log-in at or after the touch, else of the last one. */
export const expected_touches = (judged: readonly Judged[]): ReadonlyMap<string, string> => {
  const touches = judged.filter(
    ({ sent, judgement, redriven }) =>
      sent.topic === 'touchpoints' && !redriven && (judgement === 'accepted' || judgement === 'failed'),
  )
  const log_ins = new Map<string, LogIn[]>()
  for (const { sent } of touches) {
    const { row } = sent
    if (row.interaction !== 'identify' || row.customer_id === null || row.anonymous_id === null) continue
    const visitor = `${row.tenant_id}|~${row.anonymous_id}`
    const log_in = {
      at_ms: Number(row.occurred_at),
      id: String(row.event_id),
      customer: String(row.customer_id),
    }
    log_ins.set(visitor, [...(log_ins.get(visitor) ?? []), log_in])
  }
  const owners = new Map<string, string>()
  for (const { sent } of touches) {
    if (sent.row.customer_id !== null) continue
    const sorted = (log_ins.get(sent.key.toString()) ?? []).sort(
      (a, b) => a.at_ms - b.at_ms || (a.id < b.id ? -1 : 1),
    )
    const owner = sorted.find(({ at_ms }) => at_ms >= Number(sent.row.occurred_at)) ?? sorted.at(-1)
    if (owner) owners.set(`${sent.key} ${sent.row.event_id}`, owner.customer)
  }
  return owners
}

/** Every anonymous touch ends with the right customer, once, and its revisions follow one another. */
export const check_identity = ({ broker, app, identity }: Shared, expected: Expected): void => {
  if (!identity) return
  const rows = committed_rows<IdentifiedTouch>(broker, app, 'identified_touches')
  const seen = new Set<string>()
  const held = new Map<string, Map<string, IdentifiedTouch>>()
  for (const { key, partition, row } of rows) {
    const touch = `${row.tenant_id}|~${row.anonymous_id} ${row.event_id}`
    const said = () => `${key} ${touch} revision ${row.revision}`
    hold(key === `${row.tenant_id}|${row.customer_id}`, 'a rekeyed row has its own key', said)
    hold(partition === murmur2_partition(Buffer.from(key), PARTITIONS), 'a rekeyed row lies by its key', said)
    hold(!seen.has(`${said()} ${row.retracted}`), 'no output twice', said)
    seen.add(`${said()} ${row.retracted}`)
    const of_touch = held.get(touch) ?? new Map<string, IdentifiedTouch>()
    held.set(touch, of_touch)
    const known = of_touch.get(key)
    if (!known || row.revision > known.revision) of_touch.set(key, row)
  }
  const rule = 'every anonymous touch ends with one customer, the right one'
  for (const [touch, of_touch] of held) {
    const owners = [...of_touch.values()].filter(({ retracted }) => !retracted).map(row => row.customer_id)
    const owner = expected.owners.get(touch)
    hold(owners.length === 1 && owners[0] === owner, rule, () => `${touch}: ${owners} for ${owner}`)
  }
  const missing = [...expected.owners.keys()].filter(touch => !held.has(touch))
  hold(missing.length === 0, rule, () => `nobody has ${missing}`)
}
