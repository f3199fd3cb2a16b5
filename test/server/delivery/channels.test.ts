import { afterEach, beforeEach, expect, test } from 'vitest'
import { create_channels } from '../../../server/delivery/channels.ts'
import { idempotency_key, thread_key } from '../../../server/delivery/idempotency-key.ts'
import { channel_settings } from '../../../server/delivery/settings.ts'
import { header, MailSink } from './mail-sink.ts'
import { notification, Receiver, told } from './receivers.ts'

let receiver: Receiver
let sink: MailSink
let close: () => void = () => {}
beforeEach(async () => {
  receiver = await Receiver.open()
  sink = await MailSink.open()
})
afterEach(async () => {
  close()
  await receiver.end()
  await sink.end()
})
const channels = (env: Record<string, string> = {}) => {
  const made = create_channels(channel_settings(env), Date.now, 500)
  close = made.close
  return (told: ReturnType<typeof notification>) => made.send(told, AbortSignal.timeout(2000))
}

test('mail arrives, with the key as its id and the group as its thread', async () => {
  const send = channels({ SMTP_URL: sink.url, TRIBUTARY_MAIL_FROM: 'alerts@tributary.example' })
  const mail = notification(1, { channel: 'email', to: 'duty@example.org' })
  expect(await send(mail)).toMatchObject({ ended: 'delivered', status_code: 250 })
  const [arrived] = sink.mails
  expect(arrived?.to).toEqual(['duty@example.org'])
  expect(header(arrived!, 'Message-ID')).toBe(`<${idempotency_key(mail)}@tributary>`)
  expect(header(arrived!, 'References')).toBe(`<${thread_key(mail)}@tributary>`)
  expect(header(arrived!, 'From')).toBe('alerts@tributary.example')
  expect(header(arrived!, 'Subject')).toBe('[FIRING] Revenue dropped')
})

test('a mail server that is busy is asked again, one that refuses is not, one that is away is asked again', async () => {
  const send = channels({ SMTP_URL: sink.url })
  const mail = notification(1, { channel: 'email', to: 'duty@example.org' })
  sink.reply = n => [451, 552][n] ?? 250
  expect(await send(mail)).toMatchObject({ ended: 'failed', status_code: 451 })
  expect(await send(mail)).toMatchObject({ ended: 'refused', status_code: 552 })
  await sink.end()
  expect((await send(mail)).ended).toBe('failed')
  await sink.begin()
  expect((await send(mail)).ended).toBe('delivered')
})

test('text messages go through the provider, with its token', async () => {
  const send = channels({ TRIBUTARY_SMS_URL: receiver.url, TRIBUTARY_SMS_TOKEN: 'token' })
  const text = notification(1, { channel: 'sms', to: '+49151000000' })
  expect((await send(text)).ended).toBe('delivered')
  expect(receiver.heard[0]).toMatchObject({
    headers: { authorization: 'Bearer token' },
    body: {
      to: '+49151000000',
      text: expect.stringContaining('[FIRING] Revenue dropped'),
      idempotency_key: idempotency_key(text),
    },
  })
})

test('Slack is told as it wants to be', async () => {
  const slack = notification(1, { channel: 'slack', to: receiver.url })
  expect((await channels()(slack)).ended).toBe('delivered')
  expect(receiver.heard[0]?.body).toMatchObject({
    text: '[FIRING] Revenue dropped',
    blocks: expect.any(Array),
  })
})

test('what is not set up yet is asked again; nothing is sent unsigned that should be signed', async () => {
  const send = channels()
  const webhook = notification(1, { to: receiver.url, secret: 'ops', alerts: [told()] })
  expect(await send(webhook)).toMatchObject({ ended: 'failed', error: 'TRIBUTARY_SECRET_OPS is not set' })
  expect(receiver.heard).toEqual([])
  for (const [channel, error] of [
    ['email', 'SMTP_URL is not set'],
    ['sms', 'TRIBUTARY_SMS_URL is not set'],
  ] as const)
    expect(await send(notification(1, { channel, to: 'x' }))).toMatchObject({ ended: 'failed', error })
  expect(await send(notification(1, { channel: 'pigeon' }))).toMatchObject({ ended: 'refused' })
})
