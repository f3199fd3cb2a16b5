import { expect, it } from 'vitest'
import { add_rows, identity_of, is_nothing, is_whole, partial_of } from '../../runtime/partial-rows.ts'
import { definitions } from '../../schemas/definitions.ts'
import { topics } from '../../schemas/topics.ts'
import type { Measure } from '../../schemas/types.ts'

const partial = partial_of(topics.measures, definitions.measures) as NonNullable<
  ReturnType<typeof partial_of>
>
const row = (more: Partial<Measure> = {}): Measure => ({
  ...{ event_id: 'a', tenant_id: 'acme', occurred_at: 0, metric: 'visits', currency: null, dimension: '' },
  ...{ kind: 'count', numerator: 1, denominator: 0, samples: 1, bins: [] },
  ...more,
})
const add = (first: Measure, second: Measure, sign?: 1 | -1) =>
  add_rows(partial, first as never, second as never, sign) as Measure | null

it('tells rows apart by every field but numbers and event_id', () => {
  const id = (more: Partial<Measure>) => identity_of(partial, row(more) as never)
  const same = { event_id: 'b', numerator: 5, samples: 9, denominator: 1, bins: [{ bin: 1, count: 1 }] }
  expect(id(same)).toBe(id({}))
  const others = [
    { tenant_id: 'other' },
    { occurred_at: 1 },
    { metric: 'visit', currency: 's' },
    { metric: 'payments' },
    { currency: '' },
    { currency: 'null' },
    { dimension: 'a=b' },
    { kind: 'sum' },
  ] as const
  expect(new Set([{}, ...others].map(id)).size).toBe(1 + others.length)
  expect(partial_of(topics.metric_points, definitions.metric_points)).toBeNull()
})

it('adds numbers and bins and keeps the rest of the first', () => {
  const bins = [{ bin: 4, count: 2 }]
  const first = row({ bins })
  const sum = add(first, row({ event_id: 'b', numerator: 2, bins: [...bins, { bin: -1, count: 1 }] }))
  expect(sum).toEqual(
    row({
      numerator: 3,
      samples: 2,
      bins: [
        { bin: -1, count: 1 },
        { bin: 4, count: 4 },
      ],
    }),
  )
  expect(first).toEqual(row({ bins }))
})

it('takes away what it has added, and knows nothing when it is left', () => {
  const bins = [{ bin: 4, count: 2 }]
  const rest = add(row({ bins, numerator: 3.5 }), row({ bins, numerator: 3.5 }), -1) as Measure
  expect(rest).toMatchObject({ numerator: 0, samples: 0, bins: [] })
  expect([is_nothing(partial, rest as never), is_nothing(partial, row() as never)]).toEqual([true, false])
})

it('adds nothing up that would lose a bit', () => {
  const most = Number.MAX_SAFE_INTEGER
  expect(add(row({ numerator: most }), row())).toBeNull()
  expect(add(row({ numerator: -most }), row())?.numerator).toBe(1 - most)
  expect(add(row({ numerator: 2 ** 50 }), row({ numerator: 2 ** -16 }))).toBeNull()
  expect(add(row({ numerator: 2 ** 36 }), row({ numerator: 2 ** -16 }))?.numerator).toBe(2 ** 36 + 2 ** -16)
  expect(add(row({ numerator: Number.NaN }), row())).toBeNull()
})

it('knows which rows fit the schema without a look at it', () => {
  expect(is_whole(partial, row() as never)).toBe(true)
  expect(is_whole(partial, row({ numerator: 0.5 }) as never)).toBe(false)
  expect(is_whole(partial, row({ samples: 'x' as never }) as never)).toBe(false)
  expect(is_whole(partial, row({ bins: [{ bin: 1, count: 1 }] }) as never)).toBe(false)
})
