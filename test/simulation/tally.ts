/**
 * The pipeline that only one variant of the installation has: it counts payments in its state and remembers with
 * a timer that it has rested. A replay under other code that loses or repeats a record shows in the count.
 */
import avsc from 'avsc'
import { keyed, type Pipeline, type StateType } from '../../operators/core/keyed.ts'
import type { Topics } from '../../schemas/types.ts'
import { days, minutes } from '../../schemas/units.ts'
import type { Expected } from './oracle.ts'
import type { SharedStore } from './store.ts'
import { Violation } from './violation.ts'

interface TallyState {
  readonly payments: number
  /** Payments when the timer fired last. */
  readonly rested: number
}

const long = (name: string) => ({ name, type: 'long' })
const state_schema = {
  type: 'record',
  name: 'TallyState',
  namespace: 'tributary',
  fields: [long('payments'), long('rested')],
}
export const tally_schemas: Readonly<Record<string, object>> = { 'state/tally': state_schema }

const tally_state: StateType<TallyState> = {
  schema: 'state/tally',
  init: () => ({ payments: 0, rested: 0 }),
}

const count_payments = () =>
  keyed<object, object, TallyState, never, 'rest'>({
    name: 'tally-count',
    version: 1,
    state: tally_state,
    timers: { rest: 'stream' },
    idle_ms: days(400),
    step(state, _payment, turn) {
      turn.timer('rest', turn.at_ms + minutes(2))
      return { ...state, payments: state.payments + 1 }
    },
    on_timer: state => ({ ...state, rested: state.payments }),
  })

export const tally_pipeline: Pipeline = {
  name: 'tally',
  keyed_by: 'customer',
  since: 'beginning',
  build({ from, to }) {
    to(
      'probe_copies' as keyof Topics,
      from('payments', 'customer_id').pipe(count_payments() as never) as never,
    )
  },
}

const state_type = avsc.Type.forSchema(state_schema as avsc.Schema, { registry: {} })

/** Every accepted payment was counted once, and every timer set has fired. Throws Violation. */
export const check_tally = (store: SharedStore, expected: Expected): void => {
  const wanted = new Map<string, number>()
  for (const { judgement, sent, redriven } of expected.judged)
    if (sent.topic === 'payments' && judgement === 'accepted' && !redriven)
      wanted.set(sent.key.toString(), (wanted.get(sent.key.toString()) ?? 0) + 1)
  const found = new Map<string, number>()
  for (const { task, entities } of store.checkpoints.values())
    for (const [key, fields] of entities) {
      const bytes = task.group === 'customer' ? fields.get('tally/tally-count') : undefined
      if (!bytes) continue
      const { payments, rested } = state_type.fromBuffer(bytes.subarray(10)) as TallyState
      found.set(key, payments)
      if (rested !== payments)
        throw new Violation('an added pipeline has its timers', `${key}: ${rested} of ${payments}`)
    }
  for (const key of new Set([...wanted.keys(), ...found.keys()]))
    if (wanted.get(key) !== found.get(key))
      throw new Violation(
        'an added pipeline has every record once',
        `${key}: ${found.get(key)} of ${wanted.get(key)}`,
      )
}
