/** Which errors are refusals, also inside of others, and what they say. */
import { expect, test } from 'vitest'
import { access_refused } from '../../../runtime/kafka/access.ts'

const error = (message: string, more: object): Error => Object.assign(new Error(message), more)

test('secrets, certificates and permissions are named with their setting', () => {
  const told = (cause: unknown) => access_refused(cause)?.message
  expect(told(error('invalid credentials', { name: 'KafkaJSSASLAuthenticationError' }))).toBe(
    'Kafka refuses KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD: invalid credentials',
  )
  const tls = { name: 'KafkaJSConnectionError' }
  expect(told(error('Connection error: self-signed certificate in chain', tls))).toContain('KAFKA_SSL_CA')
  expect(told(error('altnames', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }))).toContain('KAFKA_SSL_CA')
  expect(told(error('Not authorized', { type: 'TOPIC_AUTHORIZATION_FAILED' }))).toContain('docs/KAFKA.md')
})

test('a refusal is found behind retries, and what may pass is none', () => {
  const inner = error('Not authorized', { type: 'GROUP_AUTHORIZATION_FAILED' })
  expect(access_refused(error('gave up', { originalError: inner }))?.message).toContain('Not authorized')
  expect(access_refused(new Error('gave up', { cause: inner }))?.message).toContain('Not authorized')
  expect(access_refused(error('Connection timeout', { name: 'KafkaJSConnectionError' }))).toBeNull()
  for (const nothing of [null, undefined, 'text', 7]) expect(access_refused(nothing)).toBeNull()
  const endless: { cause?: unknown } = {}
  endless.cause = endless
  expect(access_refused(endless)).toBeNull()
})
