import { expect, test } from 'vitest'
import {
  headline,
  plain_text,
  short_text,
  slack_message,
  webhook_payload,
} from '../../../server/delivery/wording.ts'
import { notification, told } from './receivers.ts'

const AT = Date.UTC(2026, 0, 5, 1)
const over = told({ status: 'resolved', title: 'Visits dropped', rule: 'visits_drop', ended_at: AT })

test('headlines say what it is about and how many there are', () => {
  expect(headline(notification(1))).toBe('[FIRING] Revenue dropped')
  const more = notification(1, { alerts: [told(), told(), over], labels: { severity: 'high' }, truncated: 3 })
  expect(headline(more)).toBe('[FIRING:5] Revenue dropped')
  expect(headline(notification(1, { alerts: [over], status: 'resolved' }))).toBe('[RESOLVED] Visits dropped')
  expect(headline(notification(1, { alerts: [told({ title: 'a\r\nBcc: b' })] }))).toBe('[FIRING] a Bcc: b')
})

test('mail says each alert with its numbers and what contributed most, and how many more there are', () => {
  const alerts = [told({ contributor: 'channel=google' }), told({ status: 'acknowledged' }), over]
  expect(plain_text(notification(7, { alerts }), 'https://t.example')).toBe(
    [
      'high: Revenue dropped — revenue over 15 minutes: 70.00 EUR, expected 100.00 EUR (mostly channel=google)',
      'high: Revenue dropped — revenue over 15 minutes: 70.00 EUR, expected 100.00 EUR (acknowledged)',
      'over: Visits dropped — revenue over 15 minutes: 70.00 EUR, expected 100.00 EUR',
      '',
      'Tenant acme, group {}, number 7, new.',
      'https://t.example',
    ].join('\n'),
  )
  const many = notification(1, { alerts: Array.from({ length: 12 }, () => told()), truncated: 3 })
  expect(plain_text(many, '')).toContain('\nand 5 more\n')
})

test('a text message is short', () => {
  const long = notification(1, { alerts: [told({ description: 'x'.repeat(1000) })] })
  expect(short_text(long)).toHaveLength(300)
})

test('Slack is told escaped, within its limits', () => {
  const alerts = Array.from({ length: 12 }, () =>
    told({ title: '<!channel> & co', description: 'y'.repeat(600) }),
  )
  const { text, blocks } = slack_message(notification(1, { alerts, labels: {} }), 'https://t.example')
  expect(text).toBe('[FIRING:12] &lt;!channel&gt; &amp; co')
  const said = JSON.stringify(blocks)
  expect(said).not.toContain('<!channel>&')
  const section = blocks[1] as { text: { text: string } }
  expect(section.text.text.length).toBeLessThan(3000)
  expect(section.text.text).toContain('&lt;!channel&gt;')
  expect(section.text.text).toMatch(/<https:\/\/t\.example\|Open the dashboard>$/)
})

test('the webhook’s payload is Alertmanager’s, version 4, with our own fields beside it', () => {
  const both = notification(3, { alerts: [told(), over], truncated: 2 })
  const payload = webhook_payload(both, 'https://t.example')
  expect(payload).toMatchObject({
    version: '4',
    groupKey: '{}',
    truncatedAlerts: 2,
    status: 'firing',
    receiver: 'ops',
    groupLabels: { alertname: 'revenue_drop' },
    commonLabels: { severity: 'high', metric: 'revenue', currency: 'EUR' },
    externalURL: 'https://t.example',
    tributary: { notification_id: both.event_id, tenant_id: 'acme', sequence: 3, reason: 'new' },
  })
  expect(payload.commonLabels).not.toHaveProperty('alertname')
  expect(payload.alerts).toEqual([
    expect.objectContaining({
      status: 'firing',
      labels: expect.objectContaining({ alertname: 'revenue_drop' }),
      startsAt: '2026-01-05T00:00:00.000Z',
      endsAt: '0001-01-01T00:00:00Z',
    }),
    expect.objectContaining({ status: 'resolved', endsAt: '2026-01-05T01:00:00.000Z' }),
  ])
})
