import { expect, it } from 'vitest'
import { forget_leads, hear_lead, LEADS, type Price } from '../../../operators/alert/tell-leads.ts'
import type { AlertIncident } from '../../../schemas/types.ts'

const quiet = { forgets: false, leads: 0, due_ms: null, silences: [], inhibitors: [] }
const price: Price = {
  ...{ event_id: '1', tenant_id: 'acme', occurred_at: 5, customer_id: 'a b', conversation_id: 'k' },
  ...{ quality_tier: 'premium', currency: 'USD', revenue_potential_minor: 500 },
}
const turn_with = (slots: Map<string, AlertIncident>, threshold?: number) => {
  const rows: { fingerprint: string; silenced_by: string | null }[] = []
  return {
    rows,
    turn: {
      ...{ key: 'acme', emit: (row: never) => rows.push(row), slot: (id: string) => slots.get(id) },
      catalog: () => (threshold === undefined ? undefined : { threshold }),
      put: (id: string, value: AlertIncident | null) => (value ? slots.set(id, value) : slots.delete(id)),
      slots: (prefix: string) => [...slots].filter(([id]) => id.startsWith(prefix)).sort(),
    } as never,
  }
}

it('tells a premium lead once, above what the catalog asks for, silenced or not', () => {
  const slots = new Map<string, AlertIncident>()
  const { rows, turn } = turn_with(slots)
  const silences = [{ silence_id: 's', matchers: { rule: 'premium_lead' }, starts_ms: 0, ends_ms: 9 }]
  expect(hear_lead({ ...quiet, silences }, price, turn)).toBe(true)
  expect(hear_lead(quiet, { ...price, event_id: '2' }, turn)).toBe(false)
  expect(hear_lead(quiet, { ...price, conversation_id: 'l', quality_tier: 'basic' }, turn)).toBe(false)
  expect(rows).toMatchObject([{ fingerprint: 'premium_lead|a%20b k|spike', silenced_by: 's' }])
  expect([...slots.values()].map(({ phase }) => phase)).toEqual(['over'])
  const dear = turn_with(new Map(), 501)
  expect(hear_lead(quiet, price, dear.turn)).toBe(false)
})

it('forgets the oldest when they are a quarter too many', () => {
  const slots = new Map<string, AlertIncident>()
  for (let n = 0; n < 11; n++) slots.set(`${LEADS}${n}`, { alerted_ms: (n * 7) % 11 } as AlertIncident)
  expect(forget_leads(10, 8, turn_with(slots).turn)).toBe(10)
  expect(slots.size).toBe(11)
  expect(forget_leads(11, 8, turn_with(slots).turn)).toBe(8)
  expect(Math.min(...[...slots.values()].map(({ alerted_ms }) => alerted_ms))).toBe(3)
})
