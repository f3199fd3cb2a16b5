import { expect, test } from 'vitest'
import { channel_settings } from '../../../server/delivery/settings.ts'

test('channels by the environment; what is empty is not set', () => {
  const none = channel_settings({ SMTP_URL: '' })
  expect(none).toMatchObject({ smtp_url: null, sms_url: null, private_receivers: true, public_url: '' })
  expect(none.secret('ops')).toBeNull()
  const all = channel_settings({
    SMTP_URL: 'smtp://mail',
    TRIBUTARY_SMS_URL: 'http://sms',
    TRIBUTARY_SMS_TOKEN: 't',
    TRIBUTARY_SECRET_OPS: 'shh',
    TRIBUTARY_PRIVATE_RECEIVERS: 'no',
  })
  expect(all).toMatchObject({ smtp_url: 'smtp://mail', sms_url: 'http://sms', sms_token: 't' })
  expect(all.private_receivers).toBe(false)
  expect(all.secret('ops')).toBe('shh')
})
