/** Coaching: what advice is given how often, and by which versions of the policies it is decided. */
import { clipped } from '../cells.ts'
import { age_of, make, make_row, make_table, open_body } from '../dom.ts'
import { count_text, words_text } from '../format.ts'
import type { PanelView } from './panel.ts'

export const coaching_view = (): PanelView => {
  const body = open_body('coaching')
  const advice = make_table("Advice in today's conversations", ['Advice', 'Given#', 'Held back#'], true)
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
        ...coaching.advice.map(({ title, given, held_out }) =>
          make_row(words_text(title), [count_text(given)], [count_text(held_out)]),
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
