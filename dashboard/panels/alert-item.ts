/** One open alert: what it is, what it costs, who keeps quiet about it, and what a person can say to it. */
import type { AlertRow } from '../../server/board/board.ts'
import { RequestError, say } from '../api.ts'
import { age_of, make, put } from '../dom.ts'
import { count_text, money_format, percent_text, words_text } from '../format.ts'

export const SHAPES: Readonly<Record<AlertRow['severity'], string>> = {
  info: '○',
  low: '◇',
  medium: '◆',
  high: '▲',
  critical: '■',
}
const SILENCES = [1, 8, 24] as const
const HOUR_MS = 3_600_000

export interface Speaker {
  /** Who says it; null: nobody yet, and the field that asks has the focus. */
  name(): string | null
  tenant(): string
}

export interface AlertItem {
  readonly element: HTMLLIElement
  update(row: AlertRow, exponent_of: (currency: string) => number): void
}

export const severity_mark = (severity: AlertRow['severity']): HTMLElement =>
  make(
    'span',
    { class: 'severity' },
    make('span', { 'aria-hidden': 'true' }, `${SHAPES[severity] ?? '○'} `),
    words_text(severity),
  )

/** What is said of it beside its severity. */
const marks_of = (row: AlertRow): readonly string[] => [
  ...(row.acknowledged_by === null ? [] : [`acknowledged by ${row.acknowledged_by}`]),
  ...(row.silenced_by === null ? [] : ['silenced']),
  ...(row.inhibited_by === null ? [] : [`explained by ${words_text(row.inhibited_by.split('|')[0] ?? '')}`]),
  ...(row.escalation > 0 ? [`escalated ${count_text(row.escalation)}×`] : []),
  ...(row.recurrences > 0 ? [`recurred ${count_text(row.recurrences)}×`] : []),
]

/** Money at risk and the part that contributed most; empty where nothing is known. */
const reasons_of = (row: AlertRow, exponent_of: (currency: string) => number): readonly string[] => {
  const { money_at_risk_minor: risk, money_currency: currency, contributor, contributor_share: share } = row
  return [
    ...(risk === null || currency === null
      ? []
      : [`${money_format(currency, exponent_of(currency)).full(risk)} at risk`]),
    ...(contributor === null
      ? []
      : [`mostly ${contributor}${share === null ? '' : ` (${percent_text(share)} of it)`}`]),
  ]
}

export const make_alert_item = (first: AlertRow, speaker: Speaker): AlertItem => {
  const head = make('p', { class: 'alert-head' })
  const title = make('h3')
  const description = make('p', { class: 'description' })
  const reasons = make('p', { class: 'reasons' })
  const marks = make('ul', { class: 'alert-marks', 'aria-label': 'State' })
  const outcome = make('p', { class: 'outcome', role: 'status' })
  const acknowledge = make('button', { type: 'button' }, 'Acknowledge')
  const silences = SILENCES.map(hours =>
    make(
      'button',
      { type: 'button', 'data-hours': hours, 'aria-label': `Silence for ${hours} h` },
      `${hours} h`,
    ),
  )
  const actions = make(
    'div',
    { class: 'actions', role: 'group' },
    acknowledge,
    make('span', { class: 'label', 'aria-hidden': 'true' }, 'Silence'),
    ...silences,
  )
  const element = make('li', { class: 'alert' }, head, title, description, reasons, marks, actions, outcome)
  let row = first

  /** One thing at a time; what went wrong stands until the next one is said. */
  const speak = async (path: string, body: object, done: string): Promise<void> => {
    const author = speaker.name()
    if (author === null) return tell('Say who you are first.', 'bad')
    if (actions.getAttribute('aria-busy') === 'true') return
    actions.setAttribute('aria-busy', 'true')
    tell('Saying so …', 'busy')
    try {
      await say(path, { tenant_id: speaker.tenant(), author, ...body })
      tell(done, 'done')
    } catch (error) {
      tell(error instanceof RequestError ? error.message : 'The server does not answer; say it again.', 'bad')
    } finally {
      actions.removeAttribute('aria-busy')
    }
  }
  const tell = (text: string, kind: string): void => {
    outcome.dataset.kind = kind
    put(outcome, text)
  }
  acknowledge.addEventListener('click', () => {
    const { fingerprint } = row
    void speak('/v1/alerts/acknowledgements', { fingerprint }, 'Acknowledged; it is shown in a moment.')
  })
  for (const button of silences)
    button.addEventListener('click', () => {
      const hours = Number(button.dataset.hours)
      const silence = { matchers: { fingerprint: row.fingerprint }, duration_ms: hours * HOUR_MS }
      void speak('/v1/alerts/silences', silence, `Silenced for ${hours} h; it is shown in a moment.`)
    })

  return {
    element,
    update: (next, exponent_of) => {
      const changed = next.event_id !== row.event_id
      row = next
      element.className = `alert ${row.severity} ${row.status}`
      element.classList.toggle('quiet', row.silenced_by !== null || row.inhibited_by !== null)
      element.dataset.alert = row.event_id
      head.replaceChildren(
        severity_mark(row.severity),
        make('span', { class: 'status' }, row.status),
        age_of(row.started_at, 'for '),
      )
      put(title, row.title)
      put(description, row.description)
      const why = reasons_of(row, exponent_of)
      put(reasons, why.join(' · '))
      reasons.hidden = why.length === 0
      const said = marks_of(row)
      marks.replaceChildren(...said.map(text => make('li', {}, text)))
      marks.hidden = said.length === 0
      acknowledge.disabled = row.status === 'acknowledged'
      actions.setAttribute('aria-label', `Say to: ${row.title}`)
      // Its newest word says how it stands.
      if (changed && outcome.dataset.kind === 'done') tell('', '')
    },
  }
}
