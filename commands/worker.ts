/**
 * One worker of `npm start -- --workers N`, started by it: runs tasks and sink, and tells how they are. Ends, having
 * drained, when it is told to, at a signal, or when the process that started it is gone.
 */
import { isDeepStrictEqual } from 'node:util'
import { parse_config, start_options } from '../runtime/config.ts'
import { give_room_for_garbage } from '../runtime/heap.ts'
import { create_logger } from '../runtime/logger.ts'
import { open_system, type System, start_work, type Work } from '../runtime/system.ts'
import { CommandError, one_line, run_command } from './command.ts'
import { type FromWorker, STATUS_MAX_MS, STATUS_MS, type ToWorker } from './process/messages.ts'
import { STOP_WITHIN_MS } from './process.ts'

const main = async (): Promise<number> => {
  const [number, ...argv] = process.argv.slice(2)
  if (!process.send) throw new CommandError('workers are started by: npm start -- --workers N')
  const told = told_to_stop()
  if (!process.connected) return 0
  give_room_for_garbage()
  const { config } = parse_config(argv, process.env, start_options)
  const logger = create_logger(config.log_level).child({ worker: Number(number) })
  const end_now = () => process.exit()
  told.addEventListener('abort', end_now)
  const system = await open_system(config, logger, true)
  told.removeEventListener('abort', end_now)
  const work = start_work(system)
  const end_report = report(system, work)
  let code = 0
  try {
    const ended = await Promise.race([reason_of(told), work.failed])
    logger.info({ reason: ended }, 'stopping')
  } catch (error) {
    process.stderr.write(`${one_line(error)}\n`)
    code = 1
  }
  const timer = setTimeout(() => {
    logger.error('stopping took too long; the next owner of its tasks recovers them from the log')
    process.exit(1)
  }, STOP_WITHIN_MS)
  await work.stop().catch(error => logger.warn({ err: error }, 'stopping the tasks failed'))
  end_report()
  await system.close()
  clearTimeout(timer)
  return code
}

/**
 * Aborted by the first word of any of them. A second is not another: a signal to the whole process group comes here and
 * to the parent, which passes it on; and who wants an end at once gets it from the parent.
 */
const told_to_stop = (): AbortSignal => {
  const told = new AbortController()
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'stop') told.abort('told to')
  })
  process.once('disconnect', () => told.abort('the process that started it is gone'))
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => told.abort(name))
  return told.signal
}

const reason_of = (told: AbortSignal): Promise<string> =>
  new Promise(resolve => {
    const tell = () => resolve(String(told.reason))
    if (told.aborted) tell()
    else told.addEventListener('abort', tell, { once: true })
  })

const send = (message: FromWorker): void => {
  // Nobody there: `disconnect` ends us.
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}

/** Reports statuses as they change, and metrics when asked. */
const report = ({ metrics }: System, { worker, sink }: Work): (() => void) => {
  let last: object | null = null
  let sent_at = 0
  const look = (): void => {
    const now = { tasks: worker.status(), sink: sink.status() }
    if (Date.now() - sent_at < STATUS_MAX_MS && isDeepStrictEqual(now, last)) return
    // The tasks go on writing into theirs.
    last = structuredClone(now)
    sent_at = Date.now()
    send({ kind: 'status', ...now })
  }
  look()
  const timer = setInterval(look, STATUS_MS)
  process.on('message', (message: ToWorker) => {
    if (message.kind !== 'metrics') return
    const { request } = message
    void metrics.values().then(values => send({ kind: 'metrics', request, values }))
  })
  return () => clearInterval(timer)
}

await run_command(main)
process.exit()
