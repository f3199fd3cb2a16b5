/** What an alert is called by in routes, silences and groups, and what is asked of it. */
import type { Alert } from '../../schemas/types.ts'

export const alert_labels = ['rule', 'metric', 'currency', 'dimension', 'severity', 'fingerprint'] as const
export type AlertLabels = Readonly<Record<(typeof alert_labels)[number], string>>

type Labelled = Pick<Alert, 'rule' | 'metric' | 'currency' | 'dimension' | 'fingerprint'> & {
  readonly severity: string
}

/** What is not known of it is empty. */
export const labels_of = (alert: Labelled): AlertLabels => ({
  rule: alert.rule,
  metric: alert.metric ?? '',
  currency: alert.currency ?? '',
  dimension: alert.dimension,
  severity: alert.severity,
  fingerprint: alert.fingerprint,
})

/** All of the matchers hold; a trailing * stands for any ending. One that names no label of alerts never holds. */
export const is_matched = (matchers: Readonly<Record<string, string>>, labels: AlertLabels): boolean =>
  Object.entries(matchers).every(([name, wanted]) => {
    const is = (labels as Readonly<Record<string, string>>)[name]
    if (is === undefined) return false
    return wanted.endsWith('*') ? is.startsWith(wanted.slice(0, -1)) : is === wanted
  })

/** {rule="revenue_drop", severity="high"}: no key is the beginning of another. */
export const group_key_of = (labels: Readonly<Record<string, string>>): string =>
  `{${Object.keys(labels)
    .sort()
    .map(name => `${name}=${JSON.stringify(labels[name])}`)
    .join(', ')}}`
