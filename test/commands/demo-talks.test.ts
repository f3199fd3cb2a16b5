/** What a newcomer sees of talks with leads in the demo: two languages, claims that run out, entries that HTTP would take, too. */
import { expect, it } from 'vitest'
import { business } from '../../commands/demo/business.ts'
import { catalog_rows } from '../../commands/demo/catalog.ts'
import { speaks_spanish } from '../../commands/demo/conversations.ts'
import { text_of } from '../../operators/conversation/choose-claims.ts'
import { words_by_language } from '../../operators/core/words.ts'
import { read_lead_policy } from '../../operators/lead/read-policy.ts'
import type { Row } from '../../runtime/emit.ts'
import type { Conversation } from '../../schemas/types.ts'
import { days } from '../../schemas/units.ts'
import { check_catalog_entry } from '../../server/catalog-bodies.ts'

const ORIGIN = Date.UTC(2026, 4, 11)
const rows = catalog_rows(ORIGIN)
const bodies = (kind: string) =>
  new Map(rows.filter(row => row.kind === kind).map(({ id, body }) => [id, JSON.parse(body)] as const))

const talks = new Map<string, Conversation[]>()
for (const { topic, row } of business({ seed: 1, origin_ms: ORIGIN }).advance(ORIGIN + days(4))) {
  if (topic !== 'conversations') continue
  const talk = talks.get(row.conversation_id) ?? []
  talks.set(row.conversation_id, [...talk, row])
}

it('about an eighth of the leads speak Spanish, each from the first word to the last', () => {
  const languages = [...talks.values()].map(talk => new Set(talk.map(({ language }) => language)))
  expect(languages.every(({ size }) => size === 1)).toBe(true)
  const spanish = languages.filter(one => one.has('es')).length / languages.length
  expect(spanish).toBeGreaterThan(0.08)
  expect(spanish).toBeLessThan(0.16)
  const ids = Array.from({ length: 4000 }, (_, i) => `a${i.toString(36)}x0`)
  expect(ids.filter(id => speaks_spanish({ id })).length / ids.length).toBeCloseTo(0.12, 1)
})

it('their objections are words that are heard in their language', () => {
  for (const language of ['en', 'es'] as const) {
    const objections = Object.values(words_by_language[language]!.objections).flat()
    const said = [...talks.values()]
      .flat()
      .filter(row => row.language === language && row.type === 'objection')
      .map(({ text }) => text!.toLowerCase())
    expect(said.length).toBeGreaterThan(20)
    for (const text of said)
      expect([text, objections.some(words => text.includes(words))]).toEqual([text, true])
  }
})

it('its catalog is one that HTTP would take', () => {
  for (const row of rows) expect(() => check_catalog_entry(row as unknown as Row), row.id).not.toThrow()
})

it('its claims name their source and end; one ends before the three weeks do', () => {
  const claims = bodies('claims')
  const policy = bodies('conversation_policies').get('albasol')
  expect([...claims.keys()].sort()).toEqual([...policy.table.claims].sort())
  const facts = [{ name: 'borough', value: 'spandau', known_ms: 0, event_id: 'e' }]
  const said = (id: string, day: string, language: string) =>
    text_of(claims.get(id), { tenant_id: 'albasol', day, language, facts })
  expect(said('spring-plan', '2026-05-24', 'en')).toContain('Until 2026-05-24')
  expect(said('spring-plan', '2026-05-24', 'es')).toContain('Hasta el 2026-05-24')
  expect(said('spring-plan', '2026-05-25', 'en')).toBeNull()
  // Somebody else's borough.
  expect(said('roofs-in-pankow', '2026-05-24', 'en')).toBeNull()
})

it('its scores are calibrated: what a score is worth is no prior', () => {
  const { policy, problem } = read_lead_policy(bodies('lead_policies').get('albasol'))
  expect([problem, policy.version]).toEqual([null, 'albasol-lead-1'])
  expect(policy.calibration).toHaveLength(4)
})
