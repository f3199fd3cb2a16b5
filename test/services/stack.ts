/**
 * The services of the production stack, for tests and for a terminal. Where the environment names a service it is used as
 * it is; with TRIBUTARY_TESTS_DOCKER=true it is a container; otherwise a local process. As a program: starts all three,
 * prints their exports, stops on a signal.
 */
import { docker_answers } from './images.ts'
import * as kafka from './kafka.ts'
import type { Service } from './process.ts'
import * as redis from './redis.ts'
import * as registry from './registry.ts'

const sources = {
  kafka: { variable: 'KAFKA_BROKERS', start: kafka.start, contained: 'start_kafka' },
  registry: { variable: 'SCHEMA_REGISTRY_URL', start: registry.start, contained: 'start_registry' },
  redis: { variable: 'REDIS_URL', start: redis.start, contained: 'start_redis' },
} as const
export type ServiceName = keyof typeof sources

/** Local processes are the default: they are up sooner, and not every machine has Docker. */
export const in_containers = (): boolean => process.env.TRIBUTARY_TESTS_DOCKER === 'true'

export interface Endpoint {
  readonly address: string
  /** The local process or container, or null where the environment gave the address. */
  readonly service: Service | null
}
export interface Stack {
  readonly endpoints: ReadonlyMap<ServiceName, Endpoint>
  /** Throws where the stack was opened without that service. */
  address(name: ServiceName): string
  stop(): Promise<void>
}

const begin = async (name: ServiceName): Promise<Service> => {
  if (!in_containers()) return sources[name].start()
  if (!docker_answers())
    throw new Error('TRIBUTARY_TESTS_DOCKER=true asks for containers, but no Docker daemon answers')
  // Only then, so that other suites do not load Testcontainers.
  return (await import('./containers.ts'))[sources[name].contained]()
}

const open = async (name: ServiceName): Promise<readonly [ServiceName, Endpoint]> => {
  const address = process.env[sources[name].variable]
  if (address) return [name, { address, service: null }]
  const service = await begin(name)
  return [name, { address: service.address, service }]
}

/**
 * Endpoints of the services named (all when none is). Whatever was started is stopped again when one fails.
 */
export const stack = async (...names: ServiceName[]): Promise<Stack> => {
  const wanted = names.length > 0 ? names : (Object.keys(sources) as ServiceName[])
  const results = await Promise.allSettled(wanted.map(open))
  const endpoints = new Map(results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : [])))
  const stop = async (): Promise<void> => {
    await Promise.all([...endpoints.values()].map(endpoint => endpoint.service?.stop()))
  }
  const failed = results.find(result => result.status === 'rejected')
  if (failed) {
    await stop()
    throw failed.reason
  }
  return {
    endpoints,
    address: name => {
      const endpoint = endpoints.get(name)
      if (!endpoint) throw new Error(`the stack was opened without ${name}`)
      return endpoint.address
    },
    stop,
  }
}

if (import.meta.main) {
  let opened: Stack | null = null
  let stopping = false
  const held = setInterval(() => {}, 60_000)
  // Before the services start: a signal while they do must end them too, which process.exit does.
  const stop = async (): Promise<void> => {
    if (opened === null) process.exit(1)
    if (stopping) return
    stopping = true
    clearInterval(held)
    await opened.stop()
  }
  process.on('SIGTERM', () => void stop())
  process.on('SIGINT', () => void stop())
  opened = await stack()
  for (const [name, endpoint] of opened.endpoints)
    console.log(`export ${sources[name].variable}=${endpoint.address}`)
}
