/** `npm start`: runs Tributary on this machine, or as one of many on a cluster, until it is told to stop. */
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { type Config, help_text, is_loopback, parse_config, printable } from '../runtime/config.ts'
import { create_logger } from '../runtime/logger.ts'
import { state_reader } from '../runtime/read-state.ts'
import { open_system, type System, start_work, type Work } from '../runtime/system.ts'
import { create_server } from '../server/server.ts'
import { default_stream_limits } from '../server/stream.ts'
import { CommandError, one_line, remove_endpoints, run_command, write_endpoints } from './command.ts'

/** Longer than this a stop is not graceful any more; everything acknowledged is durable at any moment. */
const STOP_WITHIN_MS = 9000
const CUT_AFTER_MS = 2000

const main = async (): Promise<number> => {
  const { config, help } = parse_config(process.argv.slice(2), process.env)
  if (help) {
    process.stdout.write(help_text('npm start -- [options]'))
    return 0
  }
  const logger = create_logger(config.log_level)
  const told_to_stop = stop_signal()
  logger.debug({ config: printable(config) }, 'configuration')
  const system = await open_system(config, logger)
  const work = start_work(system)
  const server = create_server({
    ...system,
    ...work,
    api_keys: config.api_keys,
    read_state: state_reader(system.app),
    stream_limits: default_stream_limits,
  })
  let code = 0
  try {
    const url = await listen(server, config)
    write_endpoints(config.data_dir, { http: url, clickhouse: system.clickhouse_url, pid: process.pid })
    process.stdout.write(banner(config, url, system))
    const ended = await Promise.race([told_to_stop.then(signal => ({ signal })), work.failed])
    logger.info(ended, 'stopping')
  } catch (error) {
    process.stderr.write(`${one_line(error)}\n`)
    code = 1
  }
  await stop_within({ config, server, work, system, logger })
  return code
}

const listen = async (server: FastifyInstance, config: Config): Promise<string> => {
  try {
    await server.listen({ host: config.host, port: config.http_port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new CommandError(
      `port ${config.http_port} of ${config.host} is in use: ` +
        'stop what listens there, or choose another with --http-port',
    )
  }
  const { port } = server.server.address() as { port: number }
  const host = is_loopback(config.host) ? config.host : '127.0.0.1'
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Resolves at the first signal; a second one ends the process at once. */
const stop_signal = (): Promise<string> =>
  new Promise(resolve => {
    let told = false
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.on(name, () => {
        if (told) process.exit(130)
        told = true
        resolve(name)
      })
  })

interface Parts {
  readonly config: Config
  readonly server: FastifyInstance
  readonly work: Work
  readonly system: System
  readonly logger: Logger
}

const stop_within = async ({ config, server, work, system, logger }: Parts): Promise<void> => {
  const timer = setTimeout(() => {
    logger.error('stopping took too long; the next start recovers from the log')
    remove_endpoints(config.data_dir)
    process.exit(1)
  }, STOP_WITHIN_MS)
  timer.unref()
  // A client that never finishes its request must not hold the process.
  const cut = setTimeout(() => server.server.closeAllConnections(), CUT_AFTER_MS)
  await server.close().catch(error => logger.warn({ err: error }, 'closing the HTTP server failed'))
  clearTimeout(cut)
  await work.stop().catch(error => logger.warn({ err: error }, 'stopping the tasks failed'))
  await system.close()
  remove_endpoints(config.data_dir)
  clearTimeout(timer)
}

const banner = (config: Config, url: string, system: System): string => {
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

await run_command(main)
process.exit()
