/** Of one series and moment something is said once; series that differ in anything are others. */
import { expect, it } from 'vitest'
import { id_of, said_before, unsaid } from '../../jobs/measurement-rows.ts'
import type { Measurement } from '../../schemas/types.ts'

const row = (over: Partial<Measurement> = {}): Measurement => ({
  ...{ event_id: id_of('sample', 5), tenant_id: 't', occurred_at: 5, metric: 'mrr', dimension: '' },
  ...{ currency: 'EUR', kind: 'level', value: 1, weight: 1, ...over },
})
const said = (over: object = {}) => ({
  ...{ tenant_id: 't', metric: 'mrr', currency: 'EUR', dimension: '', at_ms: 5, ...over },
})

it('leaves out what was said, with whatever value', () => {
  expect(unsaid([row(), row({ value: 2 })], [said()])).toEqual([])
  expect(unsaid([row()], [])).toEqual([row()])
})

it.each([
  { tenant_id: 'u' },
  { metric: 'arr' },
  { currency: null },
  { currency: 'JPY' },
  { dimension: 'goal=may' },
  { at_ms: 6 },
])('what was said of %o is no word about another', other => {
  expect(unsaid([row()], [said(other)])).toEqual([row()])
})

it('names the job in ids and asks for its own rows', () => {
  expect(id_of('sample', 5)).toBe('sample|5')
  expect(said_before('sample', 'occurred_at < 7')).toMatch(
    /FROM measurements\s+WHERE startsWith\(event_id, 'sample\|'\) AND occurred_at < 7$/,
  )
})
