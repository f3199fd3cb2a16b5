/** Elements made and filled: text is always set as text, never as HTML. */

type Attributes = Readonly<Record<string, string | number | boolean | null>>

export const make = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] => {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) continue
    element.setAttribute(name, value === true ? '' : String(value))
  }
  element.append(...children)
  return element
}

export const by_id = <T extends HTMLElement>(id: string, kind: new () => T): T => {
  const element = document.getElementById(id)
  if (element instanceof kind) return element
  throw new Error(`the page has no ${kind.name} #${id}`)
}

/** Sets the text where it differs, so that nothing is redrawn or read out for nothing; true: it did. */
export const put = (element: Element, text: string): boolean => {
  if (element.textContent === text) return false
  element.textContent = text
  return true
}

let quiet = false
/** True while a board is shown for the first time: nothing in it is news. */
export const is_quiet = (): boolean => quiet
export const quietly = (action: () => void): void => {
  quiet = true
  try {
    action()
  } finally {
    quiet = false
  }
}

/** Makes a change seen for a moment; calm where motion is not wanted (CSS). */
export const flash = (element: Element): void => {
  if (quiet) return
  element.classList.remove('flash')
  // Reading the layout lets the same animation begin anew.
  element.getBoundingClientRect()
  element.classList.add('flash')
}

/** A place of a panel; what was in it (the skeleton) goes. */
export const open_body = (panel: string): HTMLElement => {
  const body = document.querySelector<HTMLElement>(`#${panel} > .body`)
  if (!body) throw new Error(`the page has no panel ${panel}`)
  body.replaceChildren()
  return body
}

export const hidden_text = (text: string): HTMLElement => make('span', { class: 'hidden' }, text)

/** An instant shown as its age, kept up by `tick_ages`. */
export const age_of = (at: string, before = '', after = ''): HTMLTimeElement =>
  make('time', { datetime: at, 'data-age': '', 'data-before': before, 'data-after': after })

export interface Table {
  readonly element: HTMLElement
  readonly body: HTMLTableSectionElement
  readonly foot: HTMLTableSectionElement
  readonly caption: HTMLTableCaptionElement
}

/** A real table; headings that end in # are over numbers. Scrolls on its own where it is too wide. */
export const make_table = (caption: string, headings: readonly string[], caption_seen = false): Table => {
  const title = make('caption', { class: caption_seen ? null : 'hidden' }, caption)
  const cells = headings.map(heading =>
    make('th', { scope: 'col', class: heading.endsWith('#') ? 'number' : null }, heading.replace(/#$/, '')),
  )
  const body = make('tbody')
  const foot = make('tfoot')
  const table = make('table', {}, title, make('thead', {}, make('tr', {}, ...cells)), body, foot)
  const element = make('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': caption }, table)
  return { element, body, foot, caption: title }
}

/** First cell heads the row; texts that are numbers by their column are given as [text]. */
export const make_row = (...cells: readonly (string | Node | readonly [string])[]): HTMLTableRowElement =>
  make(
    'tr',
    {},
    ...cells.map((cell, at) => {
      const number = Array.isArray(cell)
      const content: string | Node = number ? String(cell[0]) : (cell as string | Node)
      const attributes = { class: number ? 'number' : null }
      return at === 0 ? make('th', { scope: 'row', ...attributes }, content) : make('td', attributes, content)
    }),
  )

/** The text alternative of a chart, folded away. */
export const as_table = (table: Table): HTMLDetailsElement =>
  make('details', { class: 'as-table' }, make('summary', {}, 'Show as table'), table.element)

export interface Choice {
  readonly element: HTMLElement
  /** Offers these; keeps what is chosen where it is still offered. Returns the chosen one. */
  readonly offer: (
    options: readonly { readonly value: string; readonly label: string }[],
    first: string,
  ) => string
}

/** Radio buttons in a row; arrows move between them. */
export const make_choice = (name: string, legend: string, chosen: (value: string) => void): Choice => {
  const element = make('fieldset', { class: 'switch' }, make('legend', { class: 'hidden' }, legend))
  let offered = ''
  let picked: string | null = null
  element.addEventListener('change', event => {
    if (!(event.target instanceof HTMLInputElement)) return
    picked = event.target.value
    chosen(picked)
  })
  return {
    element,
    offer: (options, first) => {
      const current = options.some(({ value }) => value === picked) ? String(picked) : first
      const wanted = JSON.stringify([options, current])
      if (wanted === offered) return current
      offered = wanted
      const focused = element.contains(document.activeElement)
      for (const label of element.querySelectorAll('label')) label.remove()
      for (const { value, label } of options) {
        const input = make('input', { type: 'radio', name, value })
        input.checked = value === current
        element.append(make('label', {}, input, make('span', {}, label)))
        if (focused && input.checked) input.focus()
      }
      return current
    },
  }
}
