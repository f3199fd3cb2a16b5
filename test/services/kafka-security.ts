/** A broker that lets nobody in without TLS, a password and permission: its certificates, settings and user. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const USER = 'tributary'
export const PASSWORD = 'correct horse'

const openssl = (dir: string, ...args: string[]): void => {
  execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' })
}

/** An authority of the test's own, and what it signs for 127.0.0.1; the broker wants key and chain in one file. */
export const make_certificates = (dir: string): void => {
  const key = ['-newkey', 'rsa:2048', '-nodes']
  openssl(
    dir,
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=test',
  )
  openssl(dir, 'req', ...key, '-keyout', 'broker.key', '-out', 'broker.csr', '-subj', '/CN=broker')
  writeFileSync(join(dir, 'names'), 'subjectAltName=IP:127.0.0.1')
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'names', '-days', '2']
  openssl(dir, 'x509', '-req', '-in', 'broker.csr', '-out', 'broker.crt', ...signed)
  const parts = ['broker.key', 'broker.crt', 'ca.pem'].map(name => readFileSync(join(dir, name), 'utf8'))
  writeFileSync(join(dir, 'broker.pem'), parts.join(''))
}

/**
 * Clients come through TLS with SCRAM and have the permissions they were given; the broker itself and the test
 * come in plain text and may do everything.
 */
export const secure_properties = (
  dir: string,
  port: number,
  inner_port: number,
  controller: number,
): string =>
  `listeners=SASL_SSL://127.0.0.1:${port},PLAINTEXT://127.0.0.1:${inner_port},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=SASL_SSL://127.0.0.1:${port},PLAINTEXT://127.0.0.1:${inner_port}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=\\
  org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location=${join(dir, 'broker.pem')}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
`

/** For `StorageTool format`. */
export const scram_user = ['--add-scram', `SCRAM-SHA-512=[name=${USER},password=${PASSWORD}]`]
