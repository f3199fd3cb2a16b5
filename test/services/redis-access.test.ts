/** Redis as it is locked down: the user of deploy/redis-users.acl and no other right, and TLS with an authority of one's own. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { open_redis_state_store } from '../../runtime/redis/state-store.ts'
import { state_store_contract } from '../runtime/contracts/state-store-contract.ts'
import { free_port, type Service } from './process.ts'
import { start } from './redis.ts'

const run = promisify(execFile)
const directory = mkdtempSync(join(tmpdir(), 'tributary-redis-access-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const PASSWORD = 'a:b@c/ü'
/** A server with the delivered user, who is the only one. */
const start_locked = async (): Promise<Service & { readonly url: string }> => {
  const delivered = readFileSync(join(import.meta.dirname, '../../deploy/redis-users.acl'), 'utf8')
  const users = join(directory, 'users.conf')
  writeFileSync(
    users,
    `${delivered.replace('>change-me', `>${PASSWORD}`)}\nuser default on nopass -@all +ping\n`,
  )
  const service = await start({ settings: { include: users } })
  const url = service.address.replace('redis://', `redis://tributary:${encodeURIComponent(PASSWORD)}@`)
  return Object.assign(service, { url })
}

state_store_contract('the state store as the delivered Redis user', async () => {
  const service = await start_locked()
  const warnings: string[] = []
  const store = await open_redis_state_store(service.url, { warn: text => warnings.push(text) })
  expect(warnings).toEqual([])
  return {
    store,
    async close() {
      await store.close()
      await service.stop()
    },
  }
})

describe('the delivered user', () => {
  let service: Awaited<ReturnType<typeof start_locked>>
  let client: Redis
  beforeAll(async () => {
    service = await start_locked()
    client = new Redis(service.url, { disableClientInfo: true })
  }, 60_000)
  afterAll(async () => {
    client?.disconnect()
    await service?.stop()
  })

  test('reaches no other keys and can empty, list or configure nothing', async () => {
    for (const [command, ...args] of [
      ['FLUSHALL'],
      ['FLUSHDB'],
      ['KEYS', '*'],
      ['SCAN', '0'],
      ['CONFIG', 'GET', 'maxmemory'],
      ['SHUTDOWN'],
      ['SCRIPT', 'FLUSH'],
      ['ACL', 'LIST'],
      ['HSET', 'other', 'f', 'v'],
      ['HGETALL', '{other.customer.0}:h'],
      ['EVAL', "return redis.call('HSET', KEYS[1], 'f', 'v')", '1', 'other'],
    ] as const)
      await expect(client.call(command, ...args), command).rejects.toThrow(
        /NOPERM|No permissions|permission/i,
      )
  })

  test('a wrong password is a clear error that does not repeat it', async () => {
    const wrong = service.address.replace('redis://', 'redis://tributary:guessed@')
    const error = await open_redis_state_store(wrong).catch((caught: unknown) => caught as Error)
    expect((error as Error).message).toMatch(/cannot be reached: WRONGPASS/)
    expect((error as Error).message).not.toMatch(/guessed/)
  })
})

describe('TLS', () => {
  let service: Service
  let url: string
  const file = (name: string): string => join(directory, name)
  const openssl = (...args: string[]) => run('openssl', args, { cwd: directory })

  beforeAll(async () => {
    writeFileSync(file('names.conf'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
    for (const authority of ['ca', 'stranger'])
      await openssl(
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${authority}`],
        ...['-keyout', `${authority}.key`, '-out', `${authority}.pem`],
      )
    await openssl(
      ...['req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost'],
      ...['-keyout', 'redis.key', '-out', 'redis.csr'],
    )
    await openssl(
      ...['x509', '-req', '-in', 'redis.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
      ...['-days', '2', '-extfile', 'names.conf', '-out', 'redis.pem'],
    )
    const tls_port = await free_port()
    service = await start({
      settings: {
        'tls-port': String(tls_port),
        'tls-cert-file': file('redis.pem'),
        'tls-key-file': file('redis.key'),
        'tls-ca-cert-file': file('ca.pem'),
        'tls-auth-clients': 'no',
      },
    })
    url = `rediss://127.0.0.1:${tls_port}`
  }, 60_000)
  afterAll(() => service?.stop())

  test('the authority given is trusted, another or none is not', async () => {
    const tls_ca = readFileSync(file('ca.pem'), 'utf8')
    const store = await open_redis_state_store(url, { tls_ca })
    const task = { app: 'tributary', group: 'tls', partition: 0 }
    const header = { log_id: 'l', seq: 1, digest: 1, nonce: 'n', code: 'c', task: '' }
    expect(await store.save(task, null, header, [])).toBe('saved')
    expect(await store.header(task)).toEqual(header)
    await store.close()
    const stranger = readFileSync(file('stranger.pem'), 'utf8')
    const reached = /cannot be reached: .*(certificate|self-signed|issuer)/i
    await expect(open_redis_state_store(url, { tls_ca: stranger })).rejects.toThrow(reached)
    await expect(open_redis_state_store(url)).rejects.toThrow(reached)
  })
})
