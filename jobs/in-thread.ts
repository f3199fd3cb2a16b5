/** Lets a job compute in a thread of its own: a fit of seconds must not hold up tasks and answers of the process. */
import { Worker } from 'node:worker_threads'
import type { Job, JobRow } from './job.ts'
import type { Computed } from './run-apart.ts'

/** What the thread is asked; it answers with what `run_apart` says. */
export interface Asked {
  readonly name: string
  readonly rows: Readonly<Record<string, readonly JobRow[]>>
  readonly as_of: number
}

/** As `Compute`, for jobs of jobs/index.ts. Rejects with the job's own error, and when the signal aborts. */
export const compute_in_thread =
  (signal: AbortSignal) =>
  (job: Job, rows: Asked['rows'], as_of: number): Promise<Computed> =>
    new Promise((resolve, reject) => {
      const asked: Asked = { name: job.name, rows, as_of }
      const thread = new Worker(new URL('./thread.ts', import.meta.url), { workerData: asked })
      const end = (): void => {
        reject(new Error(`job ${job.name} was stopped`))
        void thread.terminate()
      }
      if (signal.aborted) return end()
      signal.addEventListener('abort', end, { once: true })
      thread.once('message', resolve)
      thread.once('error', reject)
      thread.once('exit', code => {
        signal.removeEventListener('abort', end)
        // Behind a message or an error this changes nothing.
        reject(new Error(`the thread of job ${job.name} ended by itself with ${code}`))
      })
    })
