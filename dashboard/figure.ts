/** A named number with its mark; the pieces most panels are made of. */
import type { PanelName } from './board-state.ts'
import { make, put } from './dom.ts'
import { make_mark } from './marks.ts'

export interface Figure {
  readonly element: HTMLElement
  readonly value: HTMLElement
  readonly note: HTMLElement
  readonly set: (text: string, note?: string) => void
}

export const make_figure = (name: string, panel: PanelName): Figure => {
  const value = make('span', { class: 'value' }, '–')
  const note = make('span', { class: 'note' })
  return {
    element: make(
      'div',
      { class: 'figure' },
      make('dt', {}, name),
      make('dd', {}, make('span', { class: 'amount' }, value, make_mark(panel)), note),
    ),
    value,
    note,
    set: (text, note_text) => {
      put(value, text)
      if (note_text !== undefined) put(note, note_text)
    },
  }
}
