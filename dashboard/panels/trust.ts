/** Trust: how fresh the numbers are, how much is still on its way, and whether the books agree. */
import type { TrustPanel } from '../../server/board/board.ts'
import { age_of, make, open_body, put } from '../dom.ts'
import { count_text } from '../format.ts'
import { GLYPHS } from '../marks.ts'
import type { PanelView } from './panel.ts'

const VERDICTS: Readonly<Record<TrustPanel['reconciliation']['state'], string>> = {
  exact: 'Reconciled exactly: every check holds and the sums agree.',
  differs: 'Does not reconcile. What differs:',
  never: 'Not reconciled yet: the first check has not finished.',
}

const line = (name: string): { readonly element: HTMLElement; readonly value: HTMLElement } => {
  const value = make('dd', {}, '–')
  return { element: make('div', {}, make('dt', {}, name), value), value }
}
const show_age = (place: HTMLElement, at: string | null, otherwise: string): void =>
  place.replaceChildren(at ? age_of(at, '', ' ago') : otherwise)

export const trust_view = (): PanelView => {
  const body = open_body('trust')
  const newest = line('Newest payment')
  const inserted = line('Newest warehouse row')
  const behind = line('Still on its way')
  const checked = line('Last reconciliation')
  const checks = line('Checks')
  const glyph = make('span', { class: 'glyph', 'aria-hidden': 'true' })
  const text = make('span')
  const verdict = make('p', { class: 'verdict' }, glyph, ' ', text)
  const differences = make('ul', { class: 'differences' })
  body.append(
    verdict,
    differences,
    make(
      'dl',
      { class: 'lines' },
      newest.element,
      inserted.element,
      behind.element,
      checked.element,
      checks.element,
    ),
  )
  return {
    show: ({ trust }) => {
      const { reconciliation } = trust
      verdict.dataset.kind = reconciliation.state
      put(glyph, GLYPHS[reconciliation.state])
      put(text, VERDICTS[reconciliation.state])
      differences.hidden = reconciliation.differences.length === 0
      differences.replaceChildren(...reconciliation.differences.map(sentence => make('li', {}, sentence)))
      show_age(newest.value, trust.newest_payment_at, 'none yet')
      show_age(inserted.value, trust.inserted_at, 'none yet')
      show_age(checked.value, reconciliation.checked_at, 'never')
      put(
        behind.value,
        trust.behind_records === 0 ? 'nothing' : `${count_text(trust.behind_records)} records`,
      )
      behind.value.dataset.kind = trust.behind_records > 0 ? 'waiting' : 'none'
      put(checks.value, count_text(reconciliation.checks))
    },
  }
}
