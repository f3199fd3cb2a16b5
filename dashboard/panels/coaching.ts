/** Coaching: what advice is given how often and what it was measured to cause, and by which versions of the policies it is decided. */
import type { CoachingPanel } from '../../server/board/board.ts'
import { clipped } from '../cells.ts'
import { age_of, make, make_row, make_table, open_body } from '../dom.ts'
import { count_text, points_text, words_text } from '../format.ts'
import type { PanelView } from './panel.ts'

/** +12.3 points (3.1 to 21.4): helps. */
const effect_cell = (effect: CoachingPanel['advice'][number]['effect']): string | HTMLElement => {
  if (effect === null) return 'not measured'
  const { difference_ratio, low_ratio, high_ratio, verdict } = effect
  const interval = `${points_text(low_ratio)} to ${points_text(high_ratio)}`
  const title = `Of all conversations so far; 95 % interval ${interval} percentage points`
  return make('span', { title }, `${points_text(difference_ratio)} points (${interval}): ${verdict}`)
}

export const coaching_view = (): PanelView => {
  const body = open_body('coaching')
  const advice = make_table(
    "Advice in today's conversations",
    ['Advice', 'Given#', 'Held back#', 'More qualified by it'],
    true,
  )
  const none = make('p', { class: 'none' }, 'No advice has been given today.')
  const policies = make_table(
    'Policies that decided in 24 hours',
    ['Decides', 'Version', 'Decisions#', 'Newest', 'Why'],
    true,
  )
  body.append(advice.element, none, policies.element)
  return {
    show: ({ coaching }) => {
      advice.element.hidden = coaching.advice.length === 0
      none.hidden = coaching.advice.length > 0
      advice.body.replaceChildren(
        ...coaching.advice.map(({ title, given, held_out, effect }) =>
          make_row(words_text(title), [count_text(given)], [count_text(held_out)], effect_cell(effect)),
        ),
      )
      policies.element.hidden = coaching.policies.length === 0
      policies.body.replaceChildren(
        ...coaching.policies.map(({ kind, version, decided, at, reason }) =>
          make_row(
            words_text(kind),
            clipped(version),
            [count_text(decided)],
            age_of(at),
            reason === null ? 'built in' : clipped(reason),
          ),
        ),
      )
    },
  }
}
