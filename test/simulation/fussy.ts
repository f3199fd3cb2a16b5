/**
 * A pipeline that fails on some records while the catalog tells it to: a mistake that is deployed, noticed and mended. A
 * replay sees the catalog that held then and fails, or does not, as it did. Its state says which records it has taken in.
 */
import avsc from 'avsc'
import { keyed, type Pipeline, type StateType } from '../../operators/core/keyed.ts'
import type { Topics } from '../../schemas/types.ts'
import { days, minutes } from '../../schemas/units.ts'
import type { Expected } from './oracle.ts'
import type { SharedStore } from './store.ts'
import { hold } from './violation.ts'

interface FussyState {
  readonly taken: number
  /** Of the ids taken in, whatever their order: a record driven again comes late. */
  readonly sum: number
  /** How much it had taken in when it rested last. */
  readonly rested: number
}

/** What the catalog's product `fussy` costs says how it behaves; without one it is sound. */
export const SOUND = 0
export const FAILS_ON_RETURNS = 1
export const FAILS_ALWAYS = 2

export const FUSSY = 'fussy'

const long = (name: string) => ({ name, type: 'long' })
const state_schema = {
  type: 'record',
  name: 'FussyState',
  namespace: 'tributary',
  fields: [long('taken'), long('sum'), long('rested')],
}
export const fussy_schemas: Readonly<Record<string, object>> = { 'state/fussy': state_schema }

const fussy_state: StateType<FussyState> = {
  schema: 'state/fussy',
  init: () => ({ taken: 0, sum: 0, rested: 0 }),
}

const id_hash = (id: string): number => {
  let hash = 7
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 16777619)
  return hash >>> 8
}

const take_in = () =>
  keyed<{ readonly event_id: string; readonly outcome: string }, object, FussyState, never, 'rest'>({
    name: 'fussy-take',
    version: 1,
    state: fussy_state,
    timers: { rest: 'stream' },
    idle_ms: days(400),
    step(state, { event_id, outcome }, turn) {
      // Undone where it fails.
      turn.timer('rest', turn.at_ms + minutes(2))
      const mood = turn.catalog('products', FUSSY)?.price_minor ?? SOUND
      if (mood === FAILS_ALWAYS || (mood === FAILS_ON_RETURNS && outcome === 'returned'))
        throw new Error(`fussy about ${event_id}`)
      return { ...state, taken: state.taken + 1, sum: state.sum + id_hash(event_id) }
    },
    on_timer: state => ({ ...state, rested: state.taken }),
  })

export const fussy_pipeline: Pipeline = {
  name: FUSSY,
  keyed_by: 'customer',
  since: 'beginning',
  build({ from, to }) {
    to('probe_copies' as keyof Topics, from('feedback', 'outcome').pipe(take_in() as never) as never)
  },
}

const state_type = avsc.Type.forSchema(state_schema as avsc.Schema, { registry: {} })

/** It has every record once, but those it failed on and nobody drove again, and those that came while it was set aside. */
export const check_fussy = (store: SharedStore, expected: Expected): void => {
  const rule = 'a pipeline that fails has what it did not fail on, and what was driven again'
  const found = new Map<string, FussyState>()
  for (const { task, entities } of store.checkpoints.values())
    for (const [key, fields] of entities) {
      const bytes = task.group === 'customer' ? fields.get('fussy/fussy-take') : undefined
      if (bytes) found.set(key, state_type.fromBuffer(bytes.subarray(10)) as FussyState)
    }
  for (const [key, ids] of expected.fussed) {
    const { taken, sum } = found.get(key) ?? { taken: 0, sum: 0, rested: 0 }
    const wanted = ids.reduce((total, id) => total + id_hash(id), 0)
    hold(taken === ids.length && sum === wanted, rule, () => `${key}: ${taken} of ${ids.length}: ${ids}`)
    found.delete(key)
  }
  for (const [key, { taken }] of found) hold(taken === 0, rule, () => `${key}: ${taken} of 0`)
}
