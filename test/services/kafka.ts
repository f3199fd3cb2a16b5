/** One Kafka broker in KRaft mode, from Maven's jars on the Java that is in PATH (17 or newer). */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
import { fetch_programs } from './fetch.ts'
import { make_certificates, scram_user, secure_properties } from './kafka-security.ts'
import {
  are_measured,
  free_port,
  java_options,
  launch_service,
  type Service,
  type ServiceOptions,
  service_directory,
} from './process.ts'

const run = promisify(execFile)
const CLUSTER_ID = 'dHJpYnV0YXJ5LXRlc3Rz'.padEnd(22, 'A').slice(0, 22)
const READY_MS = 90_000

/** What Kafka's documentation recommends for production. */
const PRODUCTION_MEMORY = [
  ...[
    '-Xms6g',
    '-Xmx6g',
    '-XX:MetaspaceSize=96m',
    '-XX:MinMetaspaceFreeRatio=50',
    '-XX:MaxMetaspaceFreeRatio=80',
  ],
  ...['-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', '-XX:InitiatingHeapOccupancyPercent=35'],
  ...['-XX:G1HeapRegionSize=16M', '-XX:+ExplicitGCInvokesConcurrent'],
]
const memory_options = (): readonly string[] =>
  are_measured() ? PRODUCTION_MEMORY : ['-Xmx512m', '-XX:+UseSerialGC']

const open_properties = (port: number, controller_port: number): string =>
  `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
`

const properties = (
  dir: string,
  controller_port: number,
  listeners: string,
): string => `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller_port}
${listeners}controller.listener.names=CONTROLLER
log.dirs=${join(dir, 'data')}
num.partitions=1
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
`

/** Resolves when the broker answers and has a coordinator for groups. */
export const broker_answers = async (address: string): Promise<void> => {
  const kafka = new Kafka({
    brokers: [address],
    clientId: 'ready',
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 5_000,
    retry: { retries: 0 },
  })
  const admin = kafka.admin()
  try {
    await admin.connect()
    const { brokers, controller } = await admin.describeCluster()
    if (brokers.length === 0 || controller === null) throw new Error('no broker is registered yet')
    await admin.describeGroups(['ready'])
  } finally {
    await admin.disconnect().catch(() => {})
  }
}

export interface BrokerOptions extends ServiceOptions {
  /** TLS, SCRAM and ACLs for clients (see kafka-security.ts); the port of a plain listener that may do everything. */
  readonly secured?: { readonly inner_port: number }
}

/** Starts a broker; its address is host:port for KAFKA_BROKERS. */
export const start = async (options: BrokerOptions = {}): Promise<Service> => {
  const { kafka_classpath } = await fetch_programs()
  const { secured } = options
  const { dir, temporary } = await service_directory('kafka', options.dir)
  const port = options.port ?? (await free_port())
  const controller = await free_port()
  const file = join(dir, 'server.properties')
  if (secured && !existsSync(join(dir, 'broker.pem'))) make_certificates(dir)
  const listeners = secured
    ? secure_properties(dir, port, secured.inner_port, controller)
    : open_properties(port, controller)
  await writeFile(file, properties(dir, controller, listeners))
  const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', file]
  if (!existsSync(join(dir, 'data', 'meta.properties')))
    await run(
      'java',
      [...java_options(), '-Xmx128m', '-cp', kafka_classpath, ...format, ...(secured ? scram_user : [])],
      {
        timeout: 60_000,
      },
    )
  const address = `127.0.0.1:${port}`
  // With ACLs the user may not ask what readiness asks: the plain listener answers for both.
  const asked = secured ? `127.0.0.1:${secured.inner_port}` : address
  return launch_service({
    name: 'kafka',
    command: 'java',
    args: [...java_options(), ...memory_options(), '-cp', kafka_classpath, 'kafka.Kafka', file],
    address,
    dir,
    temporary,
    ready: () => broker_answers(asked),
    ready_ms: READY_MS,
  })
}
