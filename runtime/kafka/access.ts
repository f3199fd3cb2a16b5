/** Errors that waiting does not mend, in words that name the setting: secrets, certificates, permissions. */

/** The brokers are there and refuse this client. */
export class AccessRefused extends Error {
  override readonly name = 'AccessRefused'
}

const CERTIFICATE = /certificate|^ERR_TLS_CERT|_CERT(_|$)|LEAF_SIGNATURE/i
const DEPTH_MAX = 5

interface Layer {
  readonly name?: unknown
  readonly message?: unknown
  readonly type?: unknown
  readonly code?: unknown
  readonly cause?: unknown
  readonly originalError?: unknown
}

const refusal_of = ({ name, message, type, code }: Layer): string | null => {
  if (name === 'KafkaJSSASLAuthenticationError')
    return `Kafka refuses KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD: ${message}`
  if (CERTIFICATE.test(`${code}`) || (name === 'KafkaJSConnectionError' && CERTIFICATE.test(`${message}`)))
    return `Kafka's certificate is not trusted, see KAFKA_SSL_CA: ${message}`
  if (`${type}`.endsWith('_AUTHORIZATION_FAILED'))
    return `Kafka does not permit what Tributary needs (docs/KAFKA.md lists it): ${message}`
  return null
}

/** The error behind the error, when it is one of these. */
export const access_refused = (error: unknown): AccessRefused | null => {
  let layer = error as Layer | null | undefined
  for (let depth = 0; depth < DEPTH_MAX && typeof layer === 'object' && layer !== null; depth++) {
    const refusal = refusal_of(layer)
    if (refusal !== null) return new AccessRefused(refusal, { cause: error })
    layer = (layer.cause ?? layer.originalError) as Layer | null | undefined
  }
  return null
}
