/**
 * The worker processes of `npm start -- --workers N`, seen from the process that serves HTTP: started, started
 * again when they die, their statuses and metrics put together, ended with it.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { type Metrics, type MetricValues, merged_text } from '../../runtime/metrics.ts'
import type { Work } from '../../runtime/system.ts'
import type { SinkStatus, TaskStatus } from '../../runtime/worker-types.ts'
import type { WorkerProcess } from '../../server/server-deps.ts'
import { type FromWorker, STATUS_MAX_MS, type ToWorker } from './messages.ts'

const PROGRAM = join(import.meta.dirname, '../worker.ts')
const PAUSE_MS = 500
const PAUSE_MAX_MS = 30_000
/** Who lived for so long begins again without a long pause. */
const GOOD_LIFE_MS = 60_000
/** A worker that is stopped or stuck says nothing: what it said last is not so any more. */
const SILENT_MS = 5 * STATUS_MAX_MS
const METRICS_WITHIN_MS = 1000

export interface WorkersOptions {
  readonly count: number
  /** Flags of this command; the environment is inherited. */
  readonly argv: readonly string[]
  readonly logger: Logger
  readonly metrics: Metrics
  /** For tests. */
  readonly program?: string
}

export interface Workers extends Work {
  readonly workers: () => readonly WorkerProcess[]
  /** Those of this process and its workers. */
  readonly metrics: Metrics
}

/** Starts them; `failed` of what is returned never rejects, because a worker that fails is started again. */
export const start_workers = (options: WorkersOptions): Workers => {
  const { metrics, logger } = options
  const workers = Array.from({ length: options.count }, (_, i) => new Worker(i + 1, options))
  logger.info({ workers: workers.map(({ pid }) => pid) }, 'workers are starting')
  // However this process ends, but for SIGKILL: then they see that nobody listens any more.
  const end = () => {
    for (const worker of workers) worker.kill()
  }
  process.once('exit', end)
  const stop = async (): Promise<void> => {
    await Promise.all(workers.map(worker => worker.stop()))
    process.removeListener('exit', end)
  }
  const text = async (): Promise<string> => {
    const asked = workers.map(async worker => [worker.number, await worker.metrics()] as const)
    const told = (await Promise.all(asked)).filter(pair => pair[1] !== null)
    return merged_text(await metrics.values(), new Map(told as [number, MetricValues][]))
  }
  return {
    worker: { status: () => workers.flatMap(worker => worker.tasks), stop },
    sink: { status: () => workers.flatMap(worker => worker.sink), stop },
    workers: () => workers.map(worker => worker.status()),
    metrics: { ...metrics, text },
    failed: new Promise<never>(() => {}),
    stop,
  }
}

/** One place for a worker: the process in it changes when it dies. */
class Worker {
  readonly number: number
  readonly #options: WorkersOptions
  readonly #logger: Logger
  #child: ChildProcess | null = null
  #tasks: readonly TaskStatus[] = []
  #sink: readonly SinkStatus[] = []
  #heard_at: number | null = null
  #error: string | null = null
  #pause_ms = PAUSE_MS
  #again: NodeJS.Timeout | undefined
  #stopping = false
  #ended: () => void = () => {}
  #requests = 0
  readonly #answers = new Map<number, (values: MetricValues | null) => void>()

  constructor(number: number, options: WorkersOptions) {
    this.number = number
    this.#options = options
    this.#logger = options.logger.child({ worker: number })
    this.#start()
  }

  get pid(): number | null {
    return this.#child?.pid ?? null
  }
  get tasks(): readonly TaskStatus[] {
    return this.#silent() ? [] : this.#tasks
  }
  get sink(): readonly SinkStatus[] {
    return this.#silent() ? [] : this.#sink
  }

  status(): WorkerProcess {
    const { number: worker, pid } = this
    if (this.#error !== null) return { worker, pid, error: this.#error }
    if (this.#heard_at === null) return { worker, pid, error: 'is starting' }
    return { worker, pid, error: this.#silent() ? 'does not answer' : null }
  }

  /** null when it does not tell in time. */
  metrics(): Promise<MetricValues | null> {
    const request = ++this.#requests
    return new Promise(resolve => {
      const answer = (values: MetricValues | null): void => {
        clearTimeout(timer)
        this.#answers.delete(request)
        resolve(values)
      }
      const timer = setTimeout(() => answer(null), METRICS_WITHIN_MS)
      this.#answers.set(request, answer)
      if (this.#heard_at === null || !this.#send({ kind: 'metrics', request })) answer(null)
    })
  }

  /** Resolves when it has drained and ended. */
  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#again)
    if (!this.#child) return
    const ended = new Promise<void>(resolve => {
      this.#ended = resolve
    })
    this.#send({ kind: 'stop' })
    await ended
  }

  kill(): void {
    this.#child?.kill('SIGKILL')
  }

  #start(): void {
    const { argv, program = PROGRAM } = this.#options
    const child = fork(program, [String(this.number), ...argv], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Numbers like NaN do not survive JSON.
      serialization: 'advanced',
    })
    const started_at = Date.now()
    this.#child = child
    child.on('message', message => this.#hear(message as FromWorker))
    child.on('error', error => {
      this.#logger.warn({ reason: error.message }, 'a worker process')
      // One that could not even begin has no end to wait for.
      if (child.pid === undefined) this.#exited(null, null, 0)
    })
    child.once('exit', (code, signal) => this.#exited(code, signal, Date.now() - started_at))
  }

  #hear(message: FromWorker): void {
    if (message.kind === 'metrics') {
      this.#answers.get(message.request)?.(message.values)
      return
    }
    this.#heard_at = Date.now()
    this.#error = null
    this.#tasks = message.tasks
    this.#sink = message.sink
  }

  #exited(code: number | null, signal: string | null, lived_ms: number): void {
    this.#child = null
    this.#tasks = []
    this.#sink = []
    this.#heard_at = null
    for (const answer of [...this.#answers.values()]) answer(null)
    this.#ended()
    if (this.#stopping) return
    if (lived_ms > GOOD_LIFE_MS) this.#pause_ms = PAUSE_MS
    const pause_ms = this.#pause_ms
    this.#pause_ms = Math.min(pause_ms * 2, PAUSE_MAX_MS)
    this.#error = `ended with ${signal ?? `code ${code}`}, is started again`
    this.#logger.warn({ code, signal, lived_ms, pause_ms }, 'a worker ended and is started again')
    this.#again = setTimeout(() => this.#start(), pause_ms)
  }

  #silent(): boolean {
    return this.#heard_at !== null && Date.now() - this.#heard_at > SILENT_MS
  }

  /** False where nobody can hear it. */
  #send(message: ToWorker): boolean {
    const child = this.#child
    if (!child?.connected) return false
    // It may be gone at this moment; its exit says so.
    child.send(message, () => {})
    return true
  }
}
