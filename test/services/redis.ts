/** The redis-server of this machine, with the settings production needs: append-only file, no eviction. */
import { connect } from 'node:net'
import { free_port, launch_service, type Service, type ServiceOptions, service_directory } from './process.ts'

const READY_MS = 20_000

/** Resolves when the server answers PING; while it loads its files it answers an error instead. */
const ping = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.setTimeout(2_000, () => socket.destroy(new Error('no answer')))
    socket.once('error', reject)
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', data => {
      socket.destroy()
      if (data.toString().startsWith('+PONG')) resolve()
      else reject(new Error(data.toString()))
    })
  })

export interface RedisOptions extends ServiceOptions {
  /** Of redis.conf, besides and instead of ours. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Starts a server; its address is the URL for REDIS_URL. */
export const start = async (options: RedisOptions = {}): Promise<Service> => {
  const { dir, temporary } = await service_directory('redis', options.dir)
  const port = options.port ?? (await free_port())
  const settings = {
    port: `${port}`,
    bind: '127.0.0.1',
    dir,
    appendonly: 'yes',
    'maxmemory-policy': 'noeviction',
    save: '',
    ...options.settings,
  }
  return launch_service({
    name: 'redis',
    command: 'redis-server',
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    address: `redis://127.0.0.1:${port}`,
    dir,
    temporary,
    ready: () => ping(port),
    ready_ms: READY_MS,
  })
}
