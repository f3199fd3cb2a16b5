/** State that an earlier version stored is read by this one. */
import { expect, test } from 'vitest'
import { buildPaths } from '../../../operators/attribution/build-paths.ts'
import type { Keyed } from '../../../operators/core/keyed.ts'
import { claimTouches } from '../../../operators/identity/claim-touches.ts'
import { postLedger } from '../../../operators/revenue/post-ledger.ts'
import { StateCodec } from '../../../runtime/state-fields.ts'
import { definitions } from '../../../schemas/definitions.ts'
import { spec_of } from './spec-of.ts'

type Spec = Keyed<never, never, object, object, never>
const specs = {
  buildPaths: spec_of<never, never, object, object, never>(buildPaths() as never),
  claimTouches: spec_of<never, never, object, object, never>(claimTouches() as never),
  postLedger: spec_of<never, never, object, object, never>(postLedger() as never),
}
const init = (): object => ({})
const stored = (version: number, schema: string, value: object): Buffer =>
  new StateCodec<object>(version, { schema, init }, definitions).encode(value)
const read = (spec: Spec, part: 'state' | 'slot', bytes: Buffer): object =>
  new StateCodec<object>(spec.version, spec[part] ?? spec.state, definitions).decode(bytes)

const touch = {
  event_id: 't',
  touched_at: 5,
  channel: 'search',
  campaign: 'spring',
  cost_minor: 1,
  cost_currency: 'EUR',
  anonymous: false,
}
const claimed = {
  event_id: 't',
  touched_ms: 5,
  channel: 'search',
  campaign: null,
  interaction: 'click',
  cost_minor: 1,
  currency: 'EUR',
  customer_id: null,
  revision: 0,
}
const day = { gross_minor: 7, refunds_minor: 0, payments: 1 }
const latest = { channel: 'search', campaign: 'spring', touched_ms: 5 }
const paths = { touches: 1, due_ms: 9, latest_end_ms: null }
const visitor = { links: [], touches: 1, due_ms: 9 }
const no_content = { content_id: null }

test.each([
  ['buildPaths', 1, 'state', 'attribution_paths_v1', paths, { ...paths, revise_ms: null }],
  ['buildPaths', 2, 'state', 'attribution_paths', { ...paths, revise_ms: 3 }, { ...paths, revise_ms: 3 }],
  [
    'buildPaths',
    2,
    'slot',
    'attribution_part_v1',
    { touch, conversion: null },
    { touch: { ...touch, ...no_content }, conversion: null },
  ],
  [
    'buildPaths',
    1,
    'slot',
    'attribution_part_v1',
    { touch: null, conversion: null },
    { touch: null, conversion: null },
  ],
  ['claimTouches', 1, 'state', 'identity_visitor', visitor, visitor],
  ['claimTouches', 1, 'slot', 'identity_touch_v1', claimed, { ...claimed, ...no_content }],
  ['postLedger', 1, 'slot', 'revenue_day', day, day],
] as const)('%s %i: %s', (name, version, part, schema, value, expected) => {
  expect(read(specs[name], part, stored(version, `state/${schema}`, value))).toEqual(expected)
})

test('postLedger 1: state, which bears the time it changed', () => {
  const { state, version } = specs.postLedger
  const before = new StateCodec<object>(1, { schema: 'state/revenue_totals_v1', init }, definitions)
  const now = new StateCodec<object>(version, state, definitions)
  expect(now.decode_state(before.encode(latest, 8))).toEqual({
    value: { ...latest, ...no_content },
    last_ms: 8,
  })
})
