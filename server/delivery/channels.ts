/** How each channel is told: webhook, Slack and text messages by HTTP, mail by SMTP. Never throws. */
import nodemailer from 'nodemailer'
import type { Notification } from '../../schemas/types.ts'
import { type Attempted, delivered, failed, refused } from './attempt.ts'
import { idempotency_key, signature_of, thread_key } from './idempotency-key.ts'
import { post_json } from './post-json.ts'
import type { ChannelSettings } from './settings.ts'
import { headline, plain_text, short_text, slack_message, webhook_payload } from './wording.ts'

/** One attempt, until the signal aborts. */
export type Send = (notification: Notification, signal: AbortSignal) => Promise<Attempted>

export const create_channels = (
  settings: ChannelSettings,
  now: () => number,
  timeout_ms: number,
): { readonly send: Send; close(): void } => {
  const { public_url, private_receivers: private_allowed } = settings
  const post = (url: string, body: string, headers: Record<string, string>, signal: AbortSignal) =>
    post_json({ url, body, headers, private_allowed, signal, now })

  const webhook: Send = async (notification, signal) => {
    const body = JSON.stringify(webhook_payload(notification, public_url))
    const headers: Record<string, string> = { 'idempotency-key': idempotency_key(notification) }
    if (notification.secret !== null) {
      const secret = settings.secret(notification.secret)
      // Without it the receiver could not tell us from others; who runs this can still set it.
      if (secret === null) return failed(`TRIBUTARY_SECRET_${notification.secret.toUpperCase()} is not set`)
      headers['x-tributary-signature'] = signature_of(body, secret, now())
    }
    return post(notification.to, body, headers, signal)
  }
  const slack: Send = async (notification, signal) => {
    const body = JSON.stringify(slack_message(notification, public_url))
    return post(notification.to, body, { 'idempotency-key': idempotency_key(notification) }, signal)
  }
  const sms: Send = async (notification, signal) => {
    const { sms_url, sms_token } = settings
    if (sms_url === null) return failed('TRIBUTARY_SMS_URL is not set')
    const key = idempotency_key(notification)
    const body = JSON.stringify({ to: notification.to, text: short_text(notification), idempotency_key: key })
    const headers = { 'idempotency-key': key, ...(sms_token && { authorization: `Bearer ${sms_token}` }) }
    // The provider is the installation's choice, not a tenant's.
    return post_json({ url: sms_url, body, headers, private_allowed: true, signal, now })
  }
  const mail = mail_channel(settings, timeout_ms)
  const channels: Readonly<Record<string, Send>> = { webhook, slack, email: mail.send, sms }
  return {
    send: async (notification, signal) => {
      const send = channels[notification.channel]
      if (!send) return refused(`there is no channel ${notification.channel}`)
      try {
        return await send(notification, signal)
      } catch (error) {
        return failed((error as Error).message)
      }
    },
    close: mail.close,
  }
}

const mail_channel = (settings: ChannelSettings, timeout_ms: number) => {
  const { smtp_url, mail_from, public_url } = settings
  const waits = {
    connectionTimeout: timeout_ms,
    greetingTimeout: timeout_ms,
    socketTimeout: timeout_ms,
    dnsTimeout: timeout_ms,
  }
  const transport = smtp_url === null ? null : nodemailer.createTransport({ url: smtp_url, ...waits })
  const send: Send = async (notification, signal) => {
    if (!transport) return failed('SMTP_URL is not set')
    const key = idempotency_key(notification)
    const aborted = new Promise<Attempted>(resolve => {
      const end = () => resolve(failed('no answer in time'))
      if (signal.aborted) end()
      else signal.addEventListener('abort', end, { once: true })
    })
    const sending = transport
      .sendMail({
        from: mail_from,
        to: notification.to,
        subject: headline(notification),
        text: plain_text(notification, public_url),
        messageId: `<${key}@tributary>`,
        references: `<${thread_key(notification)}@tributary>`,
        headers: { 'Idempotency-Key': key },
      })
      .then(() => delivered(250), judge_mail)
    return Promise.race([sending, aborted])
  }
  return { send, close: () => transport?.close() }
}

/** A reply of 5xx is for good; but not to a login, which who runs this can mend. */
const judge_mail = (error: Error & { readonly responseCode?: number; readonly code?: string }): Attempted => {
  const code = error.responseCode ?? null
  return code !== null && code >= 500 && error.code !== 'EAUTH'
    ? refused(error.message, code)
    : failed(error.message, code)
}
