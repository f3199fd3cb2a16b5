import { expect } from 'vitest'
import conversation_tracking from '../../../pipelines/conversation-tracking.ts'
import { tributary } from '../../../runtime/app.ts'
import type { ConversationMetric } from '../../../schemas/types.ts'
import { days, minutes, seconds } from '../../../schemas/units.ts'
import type { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { enter, FIRST_EXAMPLE, SECOND_EXAMPLE, said, T } from './talk.ts'

const app = { ...tributary(1), partitions: 1, pipelines: [conversation_tracking] }
const shown = <K extends keyof ConversationMetric>(d: Driver, ...names: K[]) =>
  d.outputs('conversation_metrics').map(row => names.map(name => row[name]))

scenario(
  'a conversation is within bounds from 300 to 1800 seconds, and over-long beyond',
  'customer',
  d => {
    const at = [0, 299.999, 300, 1800, 1800.001]
    d.send(
      'conversations',
      at.map((after, i) => said(`e${i}`, seconds(after))),
    )
    d.run()
    expect(shown(d, 'within_bounds', 'over_long')).toEqual([
      [false, false],
      [false, false],
      [true, false],
      [true, false],
      [false, true],
    ])
  },
  app,
)

scenario(
  'the requirements’ second example: what the text says of the property is known',
  'customer',
  d => {
    d.send('conversations', [said('1', 0, { text: SECOND_EXAMPLE.text }, SECOND_EXAMPLE.context)])
    d.run()
    expect(shown(d, 'gaps', 'technical_engagement', 'duration_ms')).toEqual([
      [['install_timeline', 'credit_signal', 'decision_role', 'comparing_offers'], 0, 0],
    ])
    const [row] = d.outputs('conversation_metrics')
    expect(row?.recommendations.map(({ code }) => code)).toEqual(['fill_gaps', 'create_urgency'])
    expect(row?.draft.text).toBe('What is your timeline for the installation?')
  },
  app,
)

const claim = (more: object = {}) => ({
  tenant_id: 'acme',
  text: { en: 'The credit ends on the last of December.' },
  source: 'https://example.org/credit',
  from_day: '2026-01-01',
  to_day: '2026-01-06',
  ...more,
})

scenario(
  'a claim of the catalog is said while it holds, by the day of the tenant’s zone, to the leads it is about',
  'customer',
  d => {
    enter(d, 'conversation_policies', '*', {
      version: 'with-claims',
      table: { claims: ['credit', 'brooklyn'] },
    })
    enter(d, 'claims', 'credit', claim({ about: { borough: 'manhattan' } }))
    enter(d, 'claims', 'brooklyn', claim({ about: { borough: 'brooklyn' } }))
    enter(d, 'tenants', 'acme', { zone: 'America/New_York' })
    const say = (id: string, after_ms: number, context: object) =>
      said(id, after_ms, { conversation_id: id, text: FIRST_EXAMPLE.text }, context)
    d.send('conversations', [
      say('in', 0, FIRST_EXAMPLE.context),
      say('elsewhere', 1, { ...FIRST_EXAMPLE.context, borough: 'queens' }),
      // 23:59:59 of the fifth in New York, and the midnight behind it.
      say('last', days(1) + minutes(5 * 60) - 1, FIRST_EXAMPLE.context),
      say('over', days(1) + minutes(5 * 60), FIRST_EXAMPLE.context),
    ])
    d.run()
    const drafts = d
      .outputs('conversation_metrics')
      .filter(({ type }) => type === 'message')
      .map(({ event_id, draft, policy_version }) => [event_id, draft.claim_ids, policy_version])
    expect(drafts).toEqual([
      ['in', ['credit'], 'with-claims'],
      ['elsewhere', [], 'with-claims'],
      ['last', ['credit'], 'with-claims'],
      ['over', [], 'with-claims'],
    ])
    expect(d.outputs('conversation_metrics')[0]?.draft.text).toBe(
      'The credit ends on the last of December. What is your timeline for the installation?',
    )
  },
  app,
)

scenario(
  'the requirements’ own claim, of a credit that expires on 31 December, is asked until then and never after',
  'customer',
  d => {
    const credit = 'Are you aware the 30% federal tax credit expires December 31st?'
    enter(d, 'conversation_policies', 'acme', { version: 'us', table: { claims: ['federal-credit'] } })
    enter(d, 'claims', 'federal-credit', {
      tenant_id: '*',
      text: { en: credit },
      source: 'https://www.irs.gov/credits-deductions/residential-clean-energy-credit',
      from_day: '2025-01-01',
      to_day: '2026-01-01',
    })
    const at = (id: string, occurred_at: number) =>
      said(id, 0, { occurred_at, conversation_id: id, text: FIRST_EXAMPLE.text }, FIRST_EXAMPLE.context)
    const new_year = Date.UTC(2026, 0, 1)
    d.send('conversations', [at('before', new_year - 1), at('after', new_year)])
    d.run()
    const timeline = 'What is your timeline for the installation?'
    expect(
      shown(d, 'event_id', 'draft').map(([id, draft]) => [id, (draft as { text: string }).text]),
    ).toEqual([
      ['before', `${credit} ${timeline}`],
      ['after', timeline],
    ])
    expect(shown(d, 'next_questions').flat(2).join()).not.toContain('credit')
  },
  app,
)

scenario(
  'the tenant’s policy goes before that of all, from when it holds; what is malformed is named and not believed',
  'customer',
  d => {
    enter(d, 'conversation_policies', '*', { version: 'all', table: { next_questions: 1 } })
    enter(
      d,
      'conversation_policies',
      'acme',
      { version: 'own', table: { next_questions: 2 } },
      T + minutes(1),
    )
    enter(
      d,
      'conversation_policies',
      'acme',
      { version: 'odd', table: { next_questions: 'many' } },
      T + minutes(2),
    )
    d.send('conversations', [said('1', 0), said('2', minutes(1)), said('3', minutes(2))])
    d.tick(T + days(1))
    const told = d
      .outputs('conversation_metrics')
      .map(row => [row.type, row.next_questions.length, row.policy_version, row.policy_problem])
    expect(told).toEqual([
      ['message', 1, 'all', null],
      ['message', 2, 'own', null],
      ['message', 3, 'conversation-1', 'table.next_questions is not of its kind or range'],
      ['ended', 0, 'conversation-1', 'table.next_questions is not of its kind or range'],
    ])
  },
  app,
)

scenario(
  'advice that is held back stands in held_out, and nothing of it is said',
  'customer',
  d => {
    const held_out_ratio = { fill_gaps: 1, create_urgency: 0 }
    enter(d, 'conversation_policies', 'acme', { version: 'half', table: { held_out_ratio } })
    d.send('conversations', [said('1', 0, {}, FIRST_EXAMPLE.context), said('2', 1, { type: 'ended' })])
    d.run()
    const rows = d.outputs('conversation_metrics')
    expect(rows.map(row => [row.recommendations.map(({ code }) => code), row.held_out])).toEqual([
      [['create_urgency'], ['fill_gaps']],
      [[], []],
    ])
    expect(rows.map(row => [row.next_questions, row.draft.text])).toEqual([
      [[], 'Shall we agree on a date for the next step?'],
      [[], ''],
    ])
    // What is not known is told whatever is held back.
    expect(rows[0]?.gaps).toHaveLength(5)
  },
  app,
)

scenario(
  'of a sender who says nothing of them, questions, objections and sentiments are heard; in Spanish too',
  'customer',
  d => {
    const en = { text: 'Is the roof strong enough for the panels?' }
    const es = { conversation_id: 'chat-2', language: 'es-ES' }
    d.send('conversations', [
      said('1', 0, en),
      said('2', 1, { text: 'Honestly, that is too expensive.' }),
      said('3', 2, { text: 'That is terrible.', role: 'agent' }),
      said('4', 3, { text: 'Sounds good. Fair enough.' }),
      said('5', 4, { ...es, text: '¿Cuánto dura la batería?' }),
      said('6', 5, { ...es, text: 'Me parece demasiado caro' }),
      said('7', 6, { ...es, language: 'ja', text: 'terrible' }),
    ])
    d.run()
    expect(shown(d, 'questions_asked', 'objections', 'objections_open', 'sentiment', 'language')).toEqual([
      [1, 0, 0, null, null],
      [1, 1, 1, null, null],
      [1, 1, 1, null, null],
      [1, 1, 0, 0.5, null],
      [1, 0, 0, null, 'es-ES'],
      [1, 1, 1, null, 'es-ES'],
      [1, 1, 1, null, 'ja'],
    ])
    const drafts = d.outputs('conversation_metrics').map(({ draft }) => draft.text)
    expect(drafts[4]).toBe('Buena pregunta. Se la respondo en detalle. ¿Es usted propietario de su vivienda?')
    expect(drafts[6]).toMatch(/^I understand that the price matters\..* Do you own your home\?$/)
  },
  app,
)
