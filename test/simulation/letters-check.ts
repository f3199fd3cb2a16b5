/** Dead letters at the end of a run: one for everything refused or failed, with its reason and the bytes that came. */
import { emitted_topics } from '../../runtime/app.ts'
import type { DeadLetter } from '../../schemas/types.ts'
import type { Shared } from './cluster.ts'
import { committed_rows } from './committed.ts'
import type { Plan } from './emitter.ts'
import { FUSSY } from './fussy.ts'
import type { Expected } from './oracle.ts'
import { fail, hold } from './violation.ts'

const reasons = { future: 'FUTURE_TIME', unknown: 'UNKNOWN_SCHEMA', malformed: null } as const

export const check_dead_letters = ({ broker, app }: Shared, expected: Expected, plan: Plan): void => {
  const letters = new Map<string, DeadLetter>()
  for (const { row } of committed_rows<DeadLetter>(broker, app, 'dead_letters')) {
    hold(!letters.has(row.event_id), 'a dead letter is written once', () => row.event_id)
    letters.set(row.event_id, row)
  }
  if (plan.learns_at_ms === null)
    for (const { sent, judgement } of expected.judged)
      hold(
        sent.flaw === null || judgement === 'refused' || judgement === 'forwarded',
        'what nobody can read is refused',
        () => `${sent.row.event_id}`,
      )
  const bad = expected.judged.filter(({ judgement }) => ['conflict', 'refused', 'failed'].includes(judgement))
  for (const { topic, partition, offset, sent, judgement, redriven } of bad) {
    const by_pipeline = judgement === 'failed' || redriven
    const id = `${topic}:${partition}:${offset}${by_pipeline ? `:${FUSSY}` : ''}`
    const letter = letters.get(id)
    if (!letter) fail('what is refused is a dead letter', id)
    const reason =
      judgement === 'conflict'
        ? 'CONFLICT'
        : judgement === 'failed'
          ? 'OPERATOR_ERROR'
          : redriven
            ? 'QUARANTINED'
            : reasons[sent.flaw ?? 'malformed']
    hold(
      letter.reason !== '' && (reason === null || letter.reason === reason),
      'a dead letter says why',
      () => `${id}: ${letter.reason}`,
    )
    hold(letter.pipeline === (by_pipeline ? FUSSY : null), 'a dead letter says whose', () => id)
    hold(letter.value !== null && sent.value.equals(letter.value), 'a dead letter holds the bytes', () => id)
    const key = emitted_topics(app).includes(topic) ? sent.sent_key : sent.key
    hold(
      key === null ? letter.key === null : letter.key !== null && key.equals(letter.key),
      'a dead letter holds the key',
      () => id,
    )
  }
  hold(
    letters.size === bad.length,
    'what is refused is a dead letter',
    () => `${letters.size} letters for ${bad.length}`,
  )
}
