/** A Redis Cluster of three masters on loopback, without replicas, all slots assigned; each can be killed on its own. */
import { Redis } from 'ioredis'
import { free_port, type Service } from './process.ts'
import { start } from './redis.ts'

const SLOTS = 16_384
const READY_MS = 30_000

export interface RedisCluster {
  /** Of the first node; clients find the others. */
  readonly address: string
  readonly nodes: readonly Service[]
  /** A client of one node alone, for looking from outside; closed with the cluster. */
  readonly clients: readonly Redis[]
  /** The number of the node that has the key's slot. */
  owner(key: string): Promise<number>
  /** Every node agrees that all slots are served. */
  well(): Promise<void>
  stop(): Promise<void>
}

const poll = async (what: string, look: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + READY_MS
  while (!(await look().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`not in ${READY_MS} ms: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

const start_node = async (): Promise<Service> =>
  start({
    settings: {
      'cluster-enabled': 'yes',
      'cluster-port': String(await free_port()),
      'cluster-announce-ip': '127.0.0.1',
      'cluster-node-timeout': '2000',
      appendfsync: 'always',
    },
  })

export const start_redis_cluster = async (count = 3): Promise<RedisCluster> => {
  const nodes: Service[] = []
  for (let i = 0; i < count; i++) nodes.push(await start_node())
  const clients = nodes.map(node => new Redis(node.address))
  for (const client of clients) client.on('error', () => {})
  const stop = async (): Promise<void> => {
    for (const client of clients) client.disconnect()
    await Promise.all(nodes.map(node => node.stop()))
  }
  const well = async (): Promise<void> => {
    await poll('the cluster is whole', async () => {
      const states = await Promise.all(clients.map(client => client.cluster('INFO')))
      return states.every(
        text => /cluster_state:ok/.test(text) && text.includes(`cluster_known_nodes:${count}`),
      )
    })
  }
  try {
    for (const [i, client] of clients.entries()) {
      const range = (n: number): number => Math.floor((SLOTS * n) / count)
      await client.cluster('ADDSLOTSRANGE', range(i), range(i + 1) - 1)
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', String(i + 1))
    }
    const [first] = clients as [Redis]
    for (const client of clients.slice(1)) {
      const { host, port } = client.options
      const bus = /\d+@(\d+)/.exec(String(await client.call('CLUSTER', 'NODES')))?.[1]
      await first.call('CLUSTER', 'MEET', host ?? '127.0.0.1', String(port), String(bus))
    }
    await well()
  } catch (error) {
    await stop()
    throw error
  }
  const owner = async (key: string): Promise<number> => {
    const slot = await clients[0]!.cluster('KEYSLOT', key)
    const ranges = await clients[0]!.cluster('SLOTS')
    const served = ranges.find(([from, to]) => Number(from) <= slot && slot <= Number(to))
    if (!served) throw new Error(`no node serves slot ${slot}`)
    const [, port] = served[2] as unknown as readonly [string, number]
    return nodes.findIndex(node => node.address.endsWith(`:${port}`))
  }
  return { address: nodes[0]!.address, nodes, clients, owner, well, stop }
}
