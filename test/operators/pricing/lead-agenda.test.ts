/** The agenda alone: a turn that is a map of slots. */
import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import {
  Agenda,
  type Any,
  day_after,
  forget,
  keep,
  quarter_after,
  RECORDS_MOST,
  record_of,
  records_of,
  tried_by,
} from '../../../operators/pricing/lead-agenda.ts'
import type { LeadRecord } from '../../../operators/pricing/route-rows.ts'
import type { RoutingSlot } from '../../../schemas/types.ts'
import { days, minutes } from '../../../schemas/units.ts'

const T = Date.UTC(2026, 0, 5)
const turn_over = (slots: Map<string, RoutingSlot>, at_ms = T) =>
  ({
    at_ms,
    slot: (id: string) => slots.get(id),
    put: (id: string, value: RoutingSlot | null) => (value ? slots.set(id, value) : slots.delete(id)),
  }) as unknown as Any

const record = (customer_id: string, due_ms: number, more: Partial<LeadRecord> = {}): LeadRecord => ({
  root_id: `${customer_id}|1`,
  status: 'reserved',
  first_ms: T,
  seen_ms: T,
  due_ms,
  customer_id,
  conversation_id: 'chat',
  quality_tier: 'premium',
  total_score: 87,
  base_points: 0,
  behavior_points: 0,
  timing_points: 0,
  market_points: 0,
  base_share: 0,
  behavior_share: 0,
  timing_share: 0,
  market_share: 0,
  conversion_probability: 0,
  market_ratio: 1,
  zip_code: null,
  borough: null,
  neighborhood: null,
  lead_policy_version: '',
  attempts: [],
  ...more,
})

it('rounds instants up, to a quarter of an hour and to a day', () => {
  expect([T, T + 1, T + minutes(15)].map(quarter_after)).toEqual([T, T + minutes(15), T + minutes(15)])
  expect([T, T + 1].map(day_after)).toEqual([T, T + days(1)])
})

it('of a customer’s conversations it keeps the newest fifty, those that wait for nothing first to go', () => {
  const slots = new Map<string, RoutingSlot>()
  const turn = turn_over(slots)
  const agenda = new Agenda([])
  const nth = (n: number, status: string) =>
    record('ada', T + days(1), { conversation_id: `c${n}`, status, seen_ms: T + n })
  for (let n = 0; n < RECORDS_MOST; n++)
    keep(agenda, nth(n, n === 3 || n === 7 ? 'unsold' : 'reserved'), turn)
  const ids = () => records_of('ada', turn).map(({ conversation_id }) => conversation_id)
  expect(ids()).toHaveLength(50)
  const gone: (string | undefined)[] = []
  for (let n = 0; n < 4; n++) {
    const before = ids()
    keep(agenda, nth(100 + n, n === 2 ? 'queued' : 'reserved'), turn)
    expect(ids()).toHaveLength(RECORDS_MOST)
    expect(ids()).toContain(`c${100 + n}`)
    gone.push(before.find(id => !ids().includes(id)))
  }
  expect(gone).toEqual(['c3', 'c7', 'c0', 'c1'])
  // Who is looked at when is not disturbed: of those forgotten nobody is.
  const due = [...Array(4)].flatMap(() => [...agenda.take(turn_over(slots, T + days(1)))])
  expect(due.map(({ lead }) => lead?.conversation_id)).not.toContain('c3')
  expect(due).toHaveLength(RECORDS_MOST)
})

it('keeps the conversations of a customer beside each other', () => {
  const slots = new Map<string, RoutingSlot>()
  const turn = turn_over(slots)
  const agenda = new Agenda([])
  const [one, two] = [record('ada', T + 1), record('ada', T + 2, { conversation_id: 'later' })]
  keep(agenda, one, turn)
  keep(agenda, two, turn)
  keep(agenda, { ...one, status: 'confirmed' }, turn)
  expect(records_of('ada', turn).map(({ status }) => status)).toEqual(['confirmed', 'reserved'])
  expect(record_of(two, turn)).toEqual(two)
  expect(record_of({ customer_id: 'ada', conversation_id: 'none' }, turn)).toBeNull()
  forget(one, turn)
  expect(records_of('ada', turn)).toEqual([two])
  forget(two, turn)
  expect([...slots.keys()].filter(id => id.startsWith('lead|'))).toEqual([])
})

it('knows the buyers that a customer has been offered to', () => {
  const turn = turn_over(new Map())
  const attempts = (...ids: string[]) =>
    ids.map(buyer_id => ({ buyer_id })) as unknown as LeadRecord['attempts']
  keep(new Agenda([]), record('ada', T, { attempts: attempts('a', 'b') }), turn)
  keep(new Agenda([]), record('ada', T, { conversation_id: 'later', attempts: attempts('c') }), turn)
  expect(tried_by('ada', turn)).toEqual(new Set(['a', 'b', 'c']))
  expect(tried_by('bo', turn)).toEqual(new Set())
})

it('hands out an instant in parts of 32, so that a turn is short whatever waits for it', () => {
  const slots = new Map<string, RoutingSlot>()
  let agenda = new Agenda([])
  for (let who = 0; who < 70; who++) keep(agenda, record(`c${who}`, T), turn_over(slots))
  const parts: number[] = []
  const seen: string[] = []
  while (agenda.comes !== null) {
    agenda = new Agenda(agenda.instants)
    const turn = turn_over(slots, T)
    const before = seen.length
    for (const { lead } of agenda.take(turn)) {
      seen.push((lead as LeadRecord).customer_id)
      // One that comes to the instant meanwhile is taken with the last part.
      if (seen.length === 33) keep(agenda, record('late', T), turn)
    }
    parts.push(seen.length - before)
  }
  expect(parts).toEqual([32, 32, 7])
  expect(seen).toEqual([...Array.from({ length: 70 }, (_, who) => `c${who}`), 'late'])
  expect([...slots.keys()].filter(id => id.startsWith('due|'))).toEqual([])
})

test('each record comes once, when it is due, in the order of entry; nothing is left behind', () => {
  const moves = fc.array(fc.tuple(fc.integer({ min: 0, max: 80 }), fc.integer({ min: 0, max: 3 })), {
    maxLength: 300,
  })
  fc.assert(
    fc.property(moves, list => {
      const slots = new Map<string, RoutingSlot>()
      let agenda = new Agenda([])
      const due = new Map<string, number>()
      for (const [who, instant] of list) {
        const next = record(`c${who}`, T + instant)
        due.set(next.customer_id, next.due_ms)
        keep(agenda, next, turn_over(slots))
      }
      const instants = agenda.instants.map(({ due_ms }) => due_ms)
      expect(instants).toEqual([...new Set(instants)].sort((a, b) => a - b))
      const seen: string[] = []
      for (let at_ms = T - 1; at_ms <= T + 3; at_ms++) {
        const turn = turn_over(slots, at_ms)
        do {
          agenda = new Agenda(agenda.instants)
          for (const { lead } of agenda.take(turn)) {
            if (!lead) continue
            expect(lead.due_ms).toBe(at_ms)
            seen.push(lead.customer_id)
            forget(lead, turn)
          }
        } while (agenda.comes !== null && agenda.comes <= at_ms)
      }
      expect(seen.sort()).toEqual([...due.keys()].sort())
      expect([slots.size, agenda.comes]).toEqual([0, null])
    }),
    { numRuns: 50 },
  )
})
