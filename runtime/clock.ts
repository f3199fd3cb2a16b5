/** The wall clock of a process: the one place that reads the time and makes random names. */
import { randomUUID } from 'node:crypto'
import type { Clock } from './ports.ts'

export const system_clock: Clock = {
  now: () => Date.now(),
  nonce: () => randomUUID(),
  sleep: (ms, signal) =>
    new Promise(resolve => {
      if (signal?.aborted) return resolve()
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal?.addEventListener('abort', done, { once: true })
    }),
}
