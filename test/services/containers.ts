/**
 * The services of the production stack in containers, through Testcontainers, from images built on this machine
 * (images.ts). Each is a Service like the local processes are: its port stays its own over a kill and a restart.
 */
import { spawnSync } from 'node:child_process'
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from 'testcontainers'
import { type ImageName, image } from './images.ts'
import { broker_answers } from './kafka.ts'
import { free_port, type Service } from './process.ts'
import { registry_answers } from './registry.ts'

// What it would clean up after us comes in an image of its own, which cannot be built here; we clean up ourselves.
process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true'

const READY_MS = 90_000
/** An orderly end may take a broker so long. */
const STOP_MS = 30_000

const running = new Set<string>()
process.on('exit', () => {
  if (running.size > 0) spawnSync('docker', ['rm', '--force', '--volumes', ...running], { stdio: 'ignore' })
})

export interface ContainerOptions {
  readonly image: ImageName
  /** Of the service in its container; the port on this machine is chosen. */
  readonly inner_port: number
  readonly port: number
  readonly address: string
  readonly env?: Readonly<Record<string, string>>
  /** A line of its log that says it has begun to serve. */
  readonly says: string
  /** Resolves when it serves requests; called again and again until it does. */
  readonly ready?: () => Promise<void>
}

const until_ready = async (ready: () => Promise<void>): Promise<void> => {
  for (const deadline = Date.now() + READY_MS; ; await new Promise(resolve => setTimeout(resolve, 100)))
    try {
      return await ready()
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
}

/** Starts a container and waits until it serves. */
export const launch_container = async (options: ContainerOptions): Promise<Service> => {
  const { inner_port, port, ready = async () => {} } = options
  const container = await new GenericContainer(await image(options.image))
    .withEnvironment({ ...options.env })
    .withExposedPorts({ container: inner_port, host: port })
    .withWaitStrategy(Wait.forLogMessage(options.says))
    .withStartupTimeout(READY_MS)
    .start()
  running.add(container.getId())
  const forget = async (): Promise<void> => {
    await container.stop({ timeout: STOP_MS })
    running.delete(container.getId())
  }
  let pid: number
  try {
    await until_ready(ready)
    pid = await pid_of(container)
  } catch (error) {
    await forget()
    throw error
  }
  return {
    address: options.address,
    get pid() {
      return pid
    },
    stop: forget,
    kill: async () => {
      const raw = await raw_container(container)
      await raw.kill({ signal: 'SIGKILL' })
      await raw.wait()
    },
    restart: async () => {
      await container.restart({ timeout: STOP_MS })
      await until_ready(ready)
      pid = await pid_of(container)
    },
  }
}

const raw_container = async (container: StartedTestContainer) =>
  (await getContainerRuntimeClient()).container.getById(container.getId())

/** Of its first process, as this machine counts. */
const pid_of = async (container: StartedTestContainer): Promise<number> =>
  (await (await raw_container(container)).inspect()).State.Pid

export const start_redis = async (): Promise<Service> => {
  const port = await free_port()
  const says = 'Ready to accept connections'
  return launch_container({
    image: 'redis',
    inner_port: 6379,
    port,
    address: `redis://127.0.0.1:${port}`,
    says,
  })
}

export const start_kafka = async (): Promise<Service> => {
  const port = await free_port()
  const address = `127.0.0.1:${port}`
  return launch_container({
    image: 'kafka',
    inner_port: 9094,
    port,
    address,
    env: {
      CLUSTER_ID: 'dHJpYnV0YXJ5LWNvbnRhaQ',
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_LISTENERS: 'INTERNAL://:9092,EXTERNAL://:9094,CONTROLLER://:9093',
      // The broker asks itself about transactions, and our port is not one of its container.
      KAFKA_ADVERTISED_LISTENERS: `INTERNAL://localhost:9092,EXTERNAL://${address}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'INTERNAL',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LOG_DIRS: '/var/lib/kafka/data',
      KAFKA_DEFAULT_REPLICATION_FACTOR: '1',
      KAFKA_MIN_INSYNC_REPLICAS: '1',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '4',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: '4',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '1000',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    },
    says: 'the broker starts',
    ready: () => broker_answers(address),
  })
}

export const start_registry = async (): Promise<Service> => {
  const port = await free_port()
  const address = `http://127.0.0.1:${port}/apis/ccompat/v7`
  const ready = () => registry_answers(address)
  return launch_container({ image: 'registry', inner_port: 8080, port, address, says: 'Listening on', ready })
}

/** Its users are `default` and `analyst`, with this password. */
export const start_warehouse = async (password: string): Promise<Service> => {
  const port = await free_port()
  const address = `http://default:${password}@127.0.0.1:${port}`
  const env = { CLICKHOUSE_PASSWORD: password, CLICKHOUSE_ANALYST_PASSWORD: password }
  return launch_container({ image: 'warehouse', inner_port: 8123, port, address, env, says: 'listens on' })
}
