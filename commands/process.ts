/**
 * A running Tributary process: what `npm start` and `npm run demo` share, from the open system to the
 * orderly end.
 */
import { createServer } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { compute_in_thread } from '../jobs/in-thread.ts'
import { jobs } from '../jobs/index.ts'
import { type Config, is_loopback, printable } from '../runtime/config.ts'
import { give_room_for_garbage } from '../runtime/heap.ts'
import { create_logger } from '../runtime/logger.ts'
import { state_reader } from '../runtime/read-state.ts'
import { left_to_do, open_system, type System, start_work, type Work } from '../runtime/system.ts'
import { start_delivery } from '../server/delivery/delivery.ts'
import { channel_settings } from '../server/delivery/settings.ts'
import { create_server } from '../server/server.ts'
import { default_stream_limits } from '../server/stream.ts'
import { CommandError, one_line, remove_endpoints, write_endpoints } from './command.ts'
import { start_job_clock } from './process/job-clock.ts'
import { start_workers } from './process/workers.ts'

/** Longer than this a stop is not graceful any more; everything acknowledged is durable at any moment. */
export const STOP_WITHIN_MS = 9000
const CUT_AFTER_MS = 2000

export interface Served {
  readonly config: Config
  readonly url: string
  readonly system: System
  readonly work: Work
  /** Aborted at the first signal. */
  readonly stop: AbortSignal
}

export interface Phases {
  /** Processes that do the tasks instead of this one; absent: it does them itself. */
  readonly workers?: { readonly count: number; readonly argv: readonly string[] }
  /** On the open system, before its tasks run: nothing is read while this writes. */
  readonly before?: (system: System, stop: AbortSignal) => Promise<void>
  /**
   * Everything runs: says so. May work on until `stop`; is awaited then, and ends the process when it
   * fails.
   */
  readonly running: (served: Served) => Promise<void>
  /** Jobs run only when asked to: of a past that ended, today's results would say nothing. */
  readonly ends?: boolean
}

/** Runs tasks, sink and server until a signal, or until one of them fails. Returns the exit code. */
export const run_process = async (config: Config, phases: Phases): Promise<number> => {
  give_room_for_garbage()
  const logger = create_logger(config.log_level)
  const told_to_stop = stop_signal()
  logger.debug({ config: printable(config) }, 'configuration')
  const system = await open_system(config, logger)
  try {
    await phases.before?.(system, told_to_stop)
    if (phases.before && told_to_stop.aborted) throw told_to_stop.reason
  } catch (error) {
    await system.close()
    if (error === told_to_stop.reason) return 0
    throw error
  }
  return serve(config, system, phases, told_to_stop)
}

const serve = async (config: Config, system: System, phases: Phases, told: AbortSignal): Promise<number> => {
  const { logger } = system
  const work = phases.workers
    ? start_workers({ ...phases.workers, logger, metrics: system.metrics })
    : start_work(system)
  const jobs_end = new AbortController()
  const clock = start_job_clock(
    {
      ...system,
      ...work,
      jobs,
      by_itself: config.jobs && !phases.ends,
      compute: compute_in_thread(jobs_end.signal),
      left_to_do: () => left_to_do(system, work),
    },
    jobs_end.signal,
  )
  const server = create_server({
    ...system,
    ...work,
    jobs: clock,
    api_keys: config.api_keys,
    read_state: state_reader(system.app),
    stream_limits: default_stream_limits,
    targets: config.targets,
  })
  const stop = new AbortController()
  const either = AbortSignal.any([told, stop.signal])
  const delivery = start_delivery({ ...system, channels: channel_settings(process.env) }, either)
  let running = Promise.resolve()
  let code = 0
  try {
    const url = await listen(server, config)
    write_endpoints(config.data_dir, { http: url, clickhouse: system.clickhouse_url, pid: process.pid })
    running = phases.running({ config, url, system, work, stop: either })
    // Its end is not ours; its failure is.
    const failed = running.then(() => new Promise<never>(() => {}))
    const ended = await Promise.race([signal_of(told), work.failed, failed])
    logger.info(ended, 'stopping')
  } catch (error) {
    process.stderr.write(`${one_line(error)}\n`)
    code = 1
  }
  stop.abort()
  jobs_end.abort()
  await stop_within({
    config,
    server,
    work,
    system,
    logger,
    running: running.finally(() => clock.ended),
    delivery,
  })
  return code
}

const in_use = (config: Config): CommandError =>
  new CommandError(
    `port ${config.http_port} of ${config.host} is in use: ` +
      'stop what listens there, or choose another with --http-port',
  )

const listen = async (server: FastifyInstance, config: Config): Promise<string> => {
  try {
    await server.listen({ host: config.host, port: config.http_port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw in_use(config)
  }
  const { port } = server.server.address() as { port: number }
  const host = is_loopback(config.host) ? config.host : '127.0.0.1'
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Throws where the HTTP port is taken now: before a long load, not after it. */
export const check_port = (config: Config): Promise<void> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' ? in_use(config) : error),
    )
    probe.listen(config.http_port, config.host, () => probe.close(() => resolve()))
  })

/** Aborted, with the signal's name, at the first signal; a second one ends the process at once. */
const stop_signal = (): AbortSignal => {
  const told = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(name, () => {
      if (told.signal.aborted) process.exit(130)
      told.abort(name)
    })
  return told.signal
}

const signal_of = (told: AbortSignal): Promise<{ signal: string }> =>
  new Promise(resolve => {
    const tell = () => resolve({ signal: String(told.reason) })
    if (told.aborted) tell()
    else told.addEventListener('abort', tell, { once: true })
  })

interface Parts {
  readonly config: Config
  readonly server: FastifyInstance
  readonly work: Work
  readonly system: System
  readonly logger: Logger
  readonly running: Promise<void>
  readonly delivery: Promise<void>
}

const stop_within = async (parts: Parts): Promise<void> => {
  const { config, server, work, system, logger, running, delivery } = parts
  const timer = setTimeout(() => {
    logger.error('stopping took too long; the next start recovers from the log')
    remove_endpoints(config.data_dir)
    process.exit(1)
  }, STOP_WITHIN_MS)
  timer.unref()
  // A failure has been told already where it ended the process.
  await running.catch(() => {})
  // A client that never finishes its request must not hold the process.
  const cut = setTimeout(() => server.server.closeAllConnections(), CUT_AFTER_MS)
  await server.close().catch(error => logger.warn({ err: error }, 'closing the HTTP server failed'))
  clearTimeout(cut)
  // Workers that were told by the terminal too must not be missed: nothing slow goes before them.
  await work.stop().catch(error => logger.warn({ err: error }, 'stopping the tasks failed'))
  await delivery
  await system.close()
  remove_endpoints(config.data_dir)
  clearTimeout(timer)
}

/** What a person needs first: where to send, follow, ask and look. */
export const banner = ({ config, url, system }: Served): string => {
  const keys = config.api_keys
    ? `${config.api_keys.size} API keys`
    : 'open to this machine, no API key needed'
  const open =
    config.insecure_dev && !is_loopback(config.host) ? 'OPEN TO THE NETWORK without API keys' : keys
  const where = config.cluster ? `Kafka at ${config.cluster.brokers.join(', ')}` : config.data_dir
  return [
    'Tributary is running',
    `  send events   POST ${url}/v1/events/payments   (${open})`,
    `  follow        GET  ${url}/v1/topics/ledger/stream`,
    `  ask           ${system.clickhouse_url}   (ClickHouse over HTTP)`,
    `  health        ${url}/readyz · /metrics · /openapi.json`,
    `  data          ${where}`,
    '',
  ].join('\n')
}
