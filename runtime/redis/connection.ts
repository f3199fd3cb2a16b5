/**
 * A connection to Redis 7 (or Valkey), single or Cluster, that fails fast: a task would rather recover than wait. Nothing
 * is queued while disconnected, nothing is sent again unasked, nothing is read from replicas.
 */
import { Cluster, Command, Redis } from 'ioredis'
import type { Script } from './scripts.ts'
import { type Argument, on_the_wire, Wire } from './wire.ts'

export interface ConnectionOptions {
  /** A command without an answer for so long has failed. */
  readonly command_timeout_ms?: number
  /** PEM text of the authority that signed the server's certificate; without it the system's authorities are asked. */
  readonly tls_ca?: string
  /** Where doubts go that do not prevent the start. */
  readonly warn?: (text: string) => void
}

export interface Connection {
  /** Any command: fails at once when the connection is lost, at the latest after the deadline. */
  ask<T>(command: (client: Redis | Cluster) => Promise<T>): Promise<T>
  /**
   * Runs a script by its hash, with its text where the server does not know it. Replies hold Buffers.
   * @param more keys and arguments behind those, written already
   */
  run(
    script: Script,
    keys: readonly Argument[],
    args: readonly Argument[],
    more?: { readonly keys: Wire; readonly args: Wire },
  ): Promise<unknown>
  health(): Promise<string | null>
  close(): Promise<void>
}

/** The address without its password. */
const shown = (url: string): string => {
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}
const message_of = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** For a single server and for each node of a Cluster. */
const options_of = (url: string, { command_timeout_ms = 10_000, tls_ca }: ConnectionOptions) => ({
  maxRetriesPerRequest: 1,
  autoResendUnfulfilledCommands: false,
  commandTimeout: command_timeout_ms,
  connectTimeout: 5_000,
  // A user with few rights may not tell the server who it is.
  disableClientInfo: true,
  ...(url.startsWith('rediss:') && { tls: tls_ca === undefined ? {} : { ca: tls_ca } }),
})

/** A Cluster whose nodes do not know their own address would be waited for without end. */
const CONNECT_MS = 15_000

/** ioredis throws errors nobody listens for; each command reports its own, the last connection error says why. */
const connect = async (url: string, client: Redis | Cluster): Promise<void> => {
  let last: unknown = null
  client.on('error', error => {
    last = error
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const hint = client instanceof Cluster ? '; do its nodes announce an address (cluster-announce-ip)?' : ''
    const silent = new Error(`no connection within ${CONNECT_MS / 1000} s${hint}`)
    timer = setTimeout(() => reject(silent), CONNECT_MS)
  })
  try {
    await Promise.race([client.connect(), late])
  } catch (error) {
    client.disconnect()
    throw new Error(`Redis at ${shown(url)} cannot be reached: ${message_of(last ?? error)}`, {
      cause: error,
    })
  } finally {
    clearTimeout(timer)
  }
}

/** Only noeviction keeps every field: any other policy drops some when memory is short, and nobody would notice. */
const check_policy = async (node: Redis, url: string, warn: (text: string) => void): Promise<void> => {
  let policy: string | undefined
  try {
    policy = /^maxmemory_policy:(\S+)/m.exec(await node.info('memory'))?.[1]
  } catch (error) {
    if (!/NOPERM|unknown command/i.test(message_of(error))) throw error
  }
  if (policy === undefined)
    warn(`Redis at ${shown(url)} does not tell its maxmemory-policy; it must be noeviction`)
  else if (policy !== 'noeviction')
    throw new Error(
      `Redis at ${shown(url)} has maxmemory-policy ${policy}, which drops state when memory is short; ` +
        'set it to noeviction (CONFIG SET maxmemory-policy noeviction, and in redis.conf)',
    )
}

const in_cluster = async (node: Redis): Promise<boolean> => {
  try {
    return /^cluster_enabled:1/m.test(await node.info('cluster'))
  } catch (error) {
    if (/NOPERM|unknown command/i.test(message_of(error))) return false
    throw error
  }
}

/** The client of the cluster that a node belongs to. */
const cluster_of = async (url: string, redisOptions: ReturnType<typeof options_of>): Promise<Cluster> => {
  const { hostname, port, username, password } = new URL(url)
  const cluster = new Cluster([{ host: hostname, port: Number(port || 6379) }], {
    lazyConnect: true,
    enableOfflineQueue: false,
    scaleReads: 'master',
    redisOptions: {
      ...redisOptions,
      ...(username && { username: decodeURIComponent(username) }),
      ...(password && { password: decodeURIComponent(password) }),
    },
  })
  await connect(url, cluster)
  return cluster
}

/**
 * @param url redis:// or rediss://; of a Cluster, any node
 * @throws Error naming the address, when it cannot be reached or evicts
 */
export const open_connection = async (url: string, options: ConnectionOptions = {}): Promise<Connection> => {
  const { warn = () => {} } = options
  const shared = options_of(url, options)
  const node = new Redis(url, { ...shared, lazyConnect: true, enableOfflineQueue: false })
  await connect(url, node)
  let client: Redis | Cluster = node
  try {
    if (await in_cluster(node)) {
      client = await cluster_of(url, shared)
      node.disconnect()
    }
    const masters = client instanceof Redis ? [client] : client.nodes('master')
    for (const master of masters) await check_policy(master, url, warn)
  } catch (error) {
    node.disconnect()
    if (client !== node) client.disconnect()
    throw error
  }
  return connection_of(client)
}

/** With nothing sent again unasked, ioredis leaves what a lost connection owed to the deadline: it is known earlier. */
const losses_of = (client: Redis | Cluster) => {
  const waiting = new Set<(error: Error) => void>()
  client.on('close', () => {
    for (const reject of waiting) reject(new Error('the connection to Redis was lost before the answer'))
    waiting.clear()
  })
  return async <T>(asked: Promise<T>): Promise<T> => {
    let lose: (error: Error) => void = () => {}
    const lost = new Promise<never>((_, reject) => {
      lose = reject
    })
    waiting.add(lose)
    try {
      return await Promise.race([asked, lost])
    } finally {
      waiting.delete(lose)
    }
  }
}

/**
 * Every node that has slots answers, and the Cluster serves all of them. The others miss a dead node only after their
 * `cluster-node-timeout`; the client drops it at once.
 */
const cluster_health = async (cluster: Cluster): Promise<string | null> => {
  const masters = cluster.nodes('master')
  const connected = new Set(masters.map(({ options }) => `${options.host}:${options.port}`))
  const lost = cluster.slots.map(([owner = '']) => owner).find(owner => !connected.has(owner))
  if (lost !== undefined) return `the Redis Cluster is down: ${lost} does not answer`
  await Promise.all(masters.map(node => node.ping()))
  const told = await cluster.cluster('INFO')
  if (/^cluster_state:ok/m.test(told)) return null
  const served = /^cluster_slots_ok:(\d+)/m.exec(told)?.[1] ?? '?'
  return `the Redis Cluster is down: ${served} of 16384 slots are served`
}

/** A call of a script, written by ourselves. The client routes it by its first key: all of them lie in one slot. */
class ScriptCall extends Command {
  readonly #bytes: Buffer

  constructor(
    name: 'eval' | 'evalsha',
    script: string,
    keys: readonly Argument[],
    args: readonly Argument[],
    more = { keys: new Wire(0), args: new Wire(0) },
  ) {
    super(name, [script, '1', keys[0] ?? ''], { replyEncoding: null })
    const key_count = String(keys.length + more.keys.count)
    this.#bytes = on_the_wire([[name, script, key_count], keys, more.keys, args, more.args])
  }

  override toWritable(): Buffer {
    return this.#bytes
  }
}

const connection_of = (client: Redis | Cluster): Connection => {
  const or_lost = losses_of(client)
  const ask: Connection['ask'] = command => or_lost(command(client))
  const call = (...of: ConstructorParameters<typeof ScriptCall>): Promise<unknown> =>
    ask(each => each.sendCommand(new ScriptCall(...of)) as Promise<unknown>)
  return {
    ask,
    async run({ sha, text }, ...rest) {
      try {
        return await call('evalsha', sha, ...rest)
      } catch (error) {
        if (!message_of(error).startsWith('NOSCRIPT')) throw error
        return call('eval', text, ...rest)
      }
    },
    async health() {
      try {
        if (client instanceof Cluster) return await cluster_health(client)
        await ask(each => each.ping())
        return null
      } catch (error) {
        return `Redis does not answer: ${message_of(error)}`
      }
    },
    async close() {
      client.disconnect()
    },
  }
}
