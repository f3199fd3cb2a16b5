/** How patiently notifications are delivered, and by what. */
import { hours, minutes, seconds } from '../../schemas/units.ts'

export interface DeliverySettings {
  /** Of one attempt, from the first byte to the last. */
  readonly timeout_ms: number
  /** Before the second attempt; doubled from then on, up to backoff_most_ms, each shortened by up to a half at random. */
  readonly backoff_ms: number
  readonly backoff_most_ms: number
  /** A notification that is older is not told any more. */
  readonly give_up_ms: number
  /** Of one receiver: beyond that its oldest are given up. */
  readonly waiting_most: number
  /** Of one partition that have not ended: beyond that nothing more is read. */
  readonly open_most: number
  readonly save_ms: number
  /** On stopping, attempts under way are waited for so long. */
  readonly stop_ms: number
}

export const default_delivery: DeliverySettings = {
  timeout_ms: seconds(10),
  backoff_ms: seconds(1),
  backoff_most_ms: minutes(5),
  give_up_ms: hours(24),
  waiting_most: 1000,
  open_most: 100_000,
  save_ms: seconds(1),
  stop_ms: seconds(4),
}

export interface ChannelSettings {
  /** smtp://user:password@host:port; mail cannot be sent without. */
  readonly smtp_url: string | null
  readonly mail_from: string
  /** Where text messages are posted as JSON {to, text, idempotency_key}. */
  readonly sms_url: string | null
  readonly sms_token: string | null
  /** Where people find this installation: links in notifications. */
  readonly public_url: string
  /** Receivers may stand on this machine and in private networks. */
  readonly private_receivers: boolean
  /** Of the name that a receiver gives. */
  secret(name: string): string | null
}

type Env = Readonly<Record<string, string | undefined>>

export const channel_settings = (env: Env): ChannelSettings => ({
  smtp_url: env.SMTP_URL || null,
  mail_from: env.TRIBUTARY_MAIL_FROM || 'tributary@localhost',
  sms_url: env.TRIBUTARY_SMS_URL || null,
  sms_token: env.TRIBUTARY_SMS_TOKEN || null,
  public_url: env.TRIBUTARY_PUBLIC_URL || '',
  private_receivers: env.TRIBUTARY_PRIVATE_RECEIVERS !== 'no',
  secret: name => env[`TRIBUTARY_SECRET_${name.toUpperCase()}`] || null,
})
