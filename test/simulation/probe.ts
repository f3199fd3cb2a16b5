/**
 * A pipeline made to be sensitive: each row it writes carries the state before and after, so a step taken
 * twice, a lost state, a wrong order in a replay or a forgotten timer breaks the chain of rows for good.
 */
import { map } from 'rxjs'
import { keyed, type Pipeline, type StateType, tagged } from '../../operators/core/keyed.ts'
import type { Topics } from '../../schemas/types.ts'
import { days, minutes, seconds } from '../../schemas/units.ts'

export interface ProbeState {
  readonly n: number
  readonly hash: number
  readonly cause_id: string
}
export interface ProbeRow {
  readonly event_id: string
  readonly tenant_id: string
  readonly customer_id: string
  readonly occurred_at: number
  readonly kind: 'record' | 'rest' | 'alarm'
  readonly cause_id: string
  readonly n: number
  readonly before: number
  readonly after: number
  readonly price: number
  readonly seen_that_hour: number
}

const record = (name: string, fields: Readonly<Record<string, unknown>>) => ({
  type: 'record',
  name,
  namespace: 'tributary',
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
})
const timestamp = { type: 'long', logicalType: 'timestamp-millis' }

export const probe_schemas: Readonly<Record<string, object>> = {
  probes: record('Probe', {
    event_id: 'string',
    tenant_id: 'string',
    customer_id: 'string',
    occurred_at: timestamp,
    kind: 'string',
    cause_id: 'string',
    n: 'long',
    before: 'long',
    after: 'long',
    price: 'long',
    seen_that_hour: 'long',
  }),
  'state/probe': record('ProbeState', { n: 'long', hash: 'long', cause_id: 'string' }),
  'state/probe_hour': record('ProbeHour', { seen: 'long' }),
}

/** Order matters in it, on purpose. */
export const chain = (before: number, kind: string, cause_id: string, price: number): number => {
  let hash = before ^ 0x2f6e2b1
  for (const c of `${kind}|${cause_id}|${price}`) hash = (Math.imul(hash, 33) + c.charCodeAt(0)) | 0
  return hash >>> 1
}

const probe_state: StateType<ProbeState> = {
  schema: 'state/probe',
  earlier: { 1: 'state/probe' },
  init: () => ({ n: 0, hash: 0, cause_id: '' }),
}
const probe_hour: StateType<{ readonly seen: number }> = {
  schema: 'state/probe_hour',
  earlier: { 1: 'state/probe_hour' },
  init: () => ({ seen: 0 }),
}

export const REST_MS = minutes(3)
export const ALARM_MS = seconds(4)

type Told = {
  readonly from: string
  readonly value: { readonly event_id: string; readonly product_id?: string | null }
}

const probe_operator = (version: number) =>
  keyed<Told, ProbeRow, ProbeState, { readonly seen: number }, 'rest' | 'alarm'>({
    name: 'probe-chain',
    version,
    state: probe_state,
    slot: probe_hour,
    timers: { rest: 'stream', alarm: 'wall' },
    idle_ms: days(400),
    step(state, told, turn) {
      const hour = String(Math.floor(turn.at_ms / minutes(60)))
      const seen = (turn.slot(hour)?.seen ?? 0) + 1
      turn.put(hour, { seen })
      const price = turn.catalog('products', 'probe')?.price_minor ?? -1
      const next = grown(state, told.from, told.value.event_id, price)
      turn.emit(row(turn, 'record', state, next, price, seen))
      turn.timer('rest', turn.at_ms + REST_MS)
      turn.timer('alarm', turn.at_ms + ALARM_MS)
      return next
    },
    on_timer(state, name, turn) {
      const next = grown(state, name, state.cause_id, 0)
      turn.emit(row(turn, name, state, next, 0, 0))
      return next
    },
  })

const grown = (state: ProbeState, kind: string, cause_id: string, price: number): ProbeState => ({
  n: state.n + 1,
  hash: chain(state.hash, kind === 'rest' || kind === 'alarm' ? kind : 'record', cause_id, price),
  cause_id,
})

const row = (
  turn: { readonly key: string; readonly at_ms: number },
  kind: ProbeRow['kind'],
  before: ProbeState,
  after: ProbeState,
  price: number,
  seen_that_hour: number,
): ProbeRow => {
  const [tenant_id = '', customer_id = ''] = turn.key.split('|')
  const id = `${kind}:${after.n}`
  const { n, hash, cause_id } = after
  return {
    event_id: id,
    tenant_id,
    customer_id,
    occurred_at: turn.at_ms,
    kind,
    cause_id,
    n,
    before: before.hash,
    after: hash,
    price,
    seen_that_hour,
  }
}

/**
 * Two consumers of one keyed stream: a step taken once per consumer shows in both topics. Version 2 decides
 * the same under another code name; it reads the state of version 1, not the other way round.
 */
export const probe_pipeline = (version: 1 | 2): Pipeline => ({
  name: 'probe',
  keyed_by: 'customer',
  since: 'beginning',
  build({ from, to }) {
    const told = tagged({
      feedback: from('feedback', 'customer_id'),
      touch: from('touchpoints', 'customer_id'),
    }) as unknown as ReturnType<typeof from<'feedback'>>
    const rows = told.pipe(probe_operator(version) as never)
    to('probes' as keyof Topics, rows as never)
    to('probe_copies' as keyof Topics, (rows as typeof told).pipe(map(value => value)) as never)
  },
})
