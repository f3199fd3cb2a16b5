/** A notification in the words of each channel. The same notification has the same words at every attempt. */
import type { Notification } from '../../schemas/types.ts'

type Told = Notification['alerts'][number]
/** Of a message to a person; the page shows the others. */
const SHOWN_MOST = 10
const SMS_MOST = 300
const SLACK_MOST = 2900

export const headline = ({ status, labels, alerts, truncated }: Notification): string => {
  const firing = alerts.filter(alert => alert.status !== 'resolved').length + truncated
  const over = alerts.length + truncated - firing
  const [first] = alerts
  const what = first && alerts.length === 1 ? first.title : (labels.rule ?? first?.title ?? 'alerts')
  const count = status === 'firing' ? firing : over
  return `[${status.toUpperCase()}${count > 1 ? `:${count}` : ''}] ${what}`.replaceAll(/\s+/g, ' ')
}

const line = (alert: Told): string =>
  `${alert.status === 'resolved' ? 'over' : alert.severity}: ${alert.title} — ${alert.description}${
    alert.contributor === null ? '' : ` (mostly ${alert.contributor})`
  }${alert.status === 'acknowledged' ? ' (acknowledged)' : ''}`

const lines = ({ alerts, truncated }: Notification): string[] => {
  const more = alerts.length + truncated - SHOWN_MOST
  return [...alerts.slice(0, SHOWN_MOST).map(line), ...(more > 0 ? [`and ${more} more`] : [])]
}

export const plain_text = (notification: Notification, public_url: string): string =>
  [
    ...lines(notification),
    '',
    `Tenant ${notification.tenant_id}, group ${notification.group_key}, number ${notification.sequence}, ${notification.reason}.`,
    ...(public_url ? [public_url] : []),
  ].join('\n')

export const short_text = (notification: Notification): string =>
  `${headline(notification)}: ${notification.alerts[0]?.description ?? ''}`.slice(0, SMS_MOST)

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

export const slack_message = (notification: Notification, public_url: string) => {
  const text = headline(notification)
  const body = escaped(
    lines(notification)
      .map(each => `• ${each}`)
      .join('\n'),
  )
  const link = public_url ? `\n<${public_url}|Open the dashboard>` : ''
  return {
    text: escaped(text),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: text.slice(0, 150) } },
      { type: 'section', text: { type: 'mrkdwn', text: `${body.slice(0, SLACK_MOST)}${link}` } },
      {
        type: 'context',
        elements: [
          {
            type: 'plain_text',
            text: `${notification.tenant_id} · ${notification.group_key}`.slice(0, 300),
          },
        ],
      },
    ],
  }
}

const NEVER = '0001-01-01T00:00:00Z'
const labels_of = (alert: Told): Record<string, string> => ({
  alertname: alert.rule,
  severity: alert.severity,
  fingerprint: alert.fingerprint,
  ...(alert.metric !== null && { metric: alert.metric }),
  ...(alert.currency !== null && { currency: alert.currency }),
  ...(alert.dimension !== '' && { dimension: alert.dimension }),
})

/** Alertmanager's webhook payload, version 4, so that its receivers understand it; our own fields under `tributary`. */
export const webhook_payload = (notification: Notification, public_url: string) => {
  const { tenant_id, receiver, group_key, labels, status, alerts, truncated } = notification
  const all = alerts.map(labels_of)
  const [first = {}] = all
  const { rule, ...others } = labels
  return {
    version: '4',
    groupKey: group_key,
    truncatedAlerts: truncated,
    status,
    receiver,
    groupLabels: rule === undefined ? others : { ...others, alertname: rule },
    commonLabels: Object.fromEntries(
      Object.entries(first).filter(([name, value]) => all.every(each => each[name] === value)),
    ),
    commonAnnotations: {},
    externalURL: public_url,
    alerts: alerts.map((alert, i) => ({
      status: alert.status === 'resolved' ? 'resolved' : 'firing',
      labels: all[i],
      annotations: { summary: alert.title, description: alert.description },
      startsAt: new Date(alert.started_at).toISOString(),
      endsAt: alert.ended_at === null ? NEVER : new Date(alert.ended_at).toISOString(),
      generatorURL: public_url,
      fingerprint: alert.fingerprint,
    })),
    tributary: {
      notification_id: notification.event_id,
      tenant_id,
      occurred_at: notification.occurred_at,
      sequence: notification.sequence,
      reason: notification.reason,
      policy_version: notification.policy_version,
      alerts,
    },
  }
}
