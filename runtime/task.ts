/**
 * The life of a task (key group × partition): recover, then live (live-task.ts) until the partition is taken away. After
 * any unclear error everything in memory is dropped and the task recovers.
 */
import { LiveTask } from './live-task.ts'
import { TaskRefused } from './ports.ts'
import { RecoveryRefused, recover } from './recovery.ts'
import { UnreadableState } from './state-fields.ts'
import type { TaskRun } from './task-run.ts'

/** Resolves when the partition is taken away or the process stops. */
export const live = async (run: TaskRun): Promise<void> => {
  const { settings, clock, logger } = run.deps
  const { signal } = run.task
  const pause_max = settings.retry_ms * PAUSE_FACTOR
  let pause = settings.retry_ms
  while (!signal.aborted) {
    const began = clock.now()
    try {
      run.status.state = 'acquiring'
      await once(run)
      return
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof TaskRefused) {
        run.status.state = 'refused'
        run.status.error = error.message
        throw error
      }
      const refused = error instanceof RecoveryRefused
      run.rebuild = error instanceof UnreadableState
      run.status.state = refused ? 'refused' : 'blocked'
      const { message, name } = error as Error
      // What goes on for hours is said once; that the disk is full its log has said already.
      const told = run.status.error === message || name === 'DiskFull'
      run.status.error = message
      const level = refused ? 'error' : told ? 'debug' : 'warn'
      logger[level]({ task: run.name, err: error }, refused ? 'refused' : 'recovering')
      if (clock.now() - began > pause_max) pause = settings.retry_ms
      await clock.sleep(refused ? pause_max : pause, signal)
      pause = Math.min(pause * 2, pause_max)
    }
  }
}
const PAUSE_FACTOR = 30

const once = async (run: TaskRun): Promise<void> => {
  // A checkpoint that could not be saved is not tried again once its task recovers: it would conflict with the next ones.
  const life = new AbortController()
  try {
    const processor = run.make_processor()
    const progress = await recover(run, processor, AbortSignal.any([run.task.signal, life.signal]))
    run.status.state = 'live'
    run.status.error = null
    run.rebuild = false
    run.deps.logger.info({ task: run.name, batch: progress.seq }, 'live')
    await new LiveTask(run, processor, progress).loop()
  } finally {
    life.abort()
  }
}
