/** What is known of a lead, for tests: nothing but what is given. */
import type { Place } from '../../../operators/lead/count-points.ts'
import type { LeadKnowledge } from '../../../schemas/types.ts'

export const NOWHERE: Place = { zip_code: undefined, neighborhood: undefined, borough: undefined }

export const known = (
  facts: Readonly<Record<string, string>> = {},
  more: Partial<LeadKnowledge> = {},
): LeadKnowledge => ({
  first_ms: 0,
  last_ms: 0,
  questions: 0,
  objections: 0,
  objections_resolved: 0,
  objections_heard: 0,
  objections_heard_resolved: 0,
  sentiment_sum: 0,
  sentiments: 0,
  facts: Object.entries(facts).map(([name, value]) => ({ name, value, known_ms: 0, event_id: 'e' })),
  ...more,
})
