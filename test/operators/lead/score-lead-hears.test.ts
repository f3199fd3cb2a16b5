/** What scores hear in texts is what the metrics of conversations hear in them. */
import { expect, test } from 'vitest'
import conversation_tracking from '../../../pipelines/conversation-tracking.ts'
import lead_scoring from '../../../pipelines/lead-scoring.ts'
import { tributary } from '../../../runtime/app.ts'
import { minutes } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import { store_as_version } from '../../driver/stored-by.ts'
import { enter, said } from '../conversation/talk.ts'

const app = { ...tributary(1), partitions: 1, pipelines: [conversation_tracking, lead_scoring] }

scenario(
  'a score counts the questions, objections and moods that its conversation’s metrics count',
  'customer',
  d => {
    enter(d, 'conversation_policies', 'acme', { version: 'c', table: { language: 'es' } })
    d.send('conversations', [
      said('1', 0, { role: 'user', text: 'How long does the battery last?', language: 'en' }),
      said('2', 1, { role: 'user', text: '¿Qué garantía tienen los paneles?' }),
      said('3', 2, { role: 'agent', text: 'How efficient are the panels? Too expensive, perhaps? Great!' }),
      said('4', 3, { role: 'user', text: 'Es demasiado caro, me parece horrible' }),
      said('5', 4, { role: 'user', text: 'What is the warranty?', technical_question: false, sentiment: 1 }),
      said('6', 5, {
        role: 'user',
        text: 'Vivo en un piso, me queda claro. ¿Hay sombra?',
        language: 'es-ES',
      }),
    ])
    d.run()
    const heard = d.outputs('conversation_metrics').map(row => ({
      questions: row.questions_asked,
      objections: row.objections,
      resolved: row.objections_resolved,
      sentiment: row.sentiment,
    }))
    expect(heard).toEqual([
      { questions: 1, objections: 0, resolved: 0, sentiment: null },
      { questions: 2, objections: 0, resolved: 0, sentiment: null },
      { questions: 2, objections: 0, resolved: 0, sentiment: null },
      { questions: 2, objections: 1, resolved: 0, sentiment: -0.5 },
      { questions: 2, objections: 1, resolved: 0, sentiment: 0.25 },
      { questions: 3, objections: 1, resolved: 1, sentiment: 0.25 },
    ])
    // 2 points a question, 7 for objections resolved (half without any), 7 × (1 + sentiment) / 2.
    const points = (of: (typeof heard)[number]) => [
      2 * of.questions,
      of.objections ? (7 * of.resolved) / of.objections : 3.5,
      of.sentiment === null ? undefined : (7 * (1 + of.sentiment)) / 2,
    ]
    const earned = d
      .outputs('lead_scores')
      .map(({ parts }) =>
        ['technical_questions', 'objections', 'sentiment'].map(
          name => parts.find(({ signal }) => signal === name)?.points,
        ),
      )
    expect(earned).toEqual(
      heard.map(of => points(of).map(each => each && Math.floor(each * 100 + 0.5) / 100)),
    )
    expect(d.outputs('lead_scores').at(-1)?.parts).toContainEqual({
      factor: 'base',
      signal: 'property_type',
      points: 5,
    })
  },
  app,
)

const STORED = { state: 'state/next_due', slot: 'state/lead_knowledge_v2' }
const NOW = { state: 'state/next_due', slot: 'state/lead_knowledge' }

test.each([1, 2])('goes on from what version %i stored', async version => {
  const d = await Driver.open('customer', { batch: 1, crash: true }, app)
  d.send('conversations', [said('1', 0, { technical_question: true, sentiment: 1 }, { zip_code: '1' })])
  d.run()
  expect(store_as_version(d, 'acme|ada', 'lead-scoring/score-lead', version, [STORED, NOW])).toBe(2)
  d.send('conversations', [said('2', minutes(5), { text: 'That is too expensive' })])
  d.run()
  expect(d.outputs('lead_scores').at(-1)).toMatchObject({
    behavior_points: 13, // 8 × 5 / 10 min + 8 × 1 / 4 + 7 × 0 / 1 + 7 × (1 + 1) / 2
    base_points: 0,
  })
})
