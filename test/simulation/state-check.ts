/**
 * The checkpoints at the end of a run, decoded by hand: what the state store says of money is what was paid.
 */
import avsc from 'avsc'
import { definitions } from '../../schemas/definitions.ts'
import type { Expected } from './oracle.ts'
import type { SharedStore } from './store.ts'

const DAY = 86_400_000
const day_type = avsc.Type.forSchema(definitions['state/revenue_day'] as unknown as avsc.Schema, {
  registry: {},
})

interface Day {
  readonly gross_minor: number
  readonly refunds_minor: number
  readonly payments: number
}

/** Slots are a two-byte version and Avro. */
export const check_state = (
  store: SharedStore,
  expected: Expected,
  fail: (rule: string, detail: string) => never,
): void => {
  const rule = 'the state is what was paid'
  const left = new Map(expected.days)
  for (const { task, entities } of store.checkpoints.values()) {
    if (task.group !== 'customer') continue
    for (const [key, fields] of entities)
      for (const [field, bytes] of fields) {
        const match = /^revenue-ledger\/post-ledger#([A-Z]{3})\|(-?\d+)$/.exec(field)
        if (!match) continue
        const day = new Date(Number(match[2]) * DAY).toISOString().slice(0, 10)
        const name = `${key} ${match[1]} ${day}`
        const found = day_type.fromBuffer(bytes.subarray(2)) as Day
        const want = left.get(name)
        if (
          !want ||
          found.gross_minor !== want.gross ||
          found.refunds_minor !== want.refunds ||
          found.payments !== want.payments
        )
          fail(rule, `${name}: ${JSON.stringify(found)} for ${JSON.stringify(want)}`)
        left.delete(name)
      }
  }
  if (left.size > 0) fail(rule, `missing: ${[...left.keys()]}`)
}
