/**
 * A simulated process: the calls it makes into the ports, the ways they fail, its clock, its pauses and its
 * death. A dead process's pending calls never settle and later ones never start; what was in flight may
 * still take effect.
 */
import type { Clock } from '../../runtime/ports.ts'
import type { Pending, Scheduler } from './scheduler.ts'

/** Kinds of calls that are disturbed separately. */
export type CallKind = 'log' | 'commit' | 'store' | 'warehouse' | 'registry'

/** Chances per call, all 0 once healed. */
export interface Rates {
  /** Nothing was done, an error comes back. */
  fail: number
  /** Done, yet an error comes back. */
  lost_reply: number
  /** An error comes back and it is done later. */
  ghost: number
  /** The call takes long. */
  slow: number
  /** Until then it is out of reach, whatever the chances. */
  down_until_ms: number
}
export type Faults = Record<CallKind, Rates>

export const no_faults = (): Faults => {
  const none = (): Rates => ({ fail: 0, lost_reply: 0, ghost: 0, slow: 0, down_until_ms: 0 })
  return { log: none(), commit: none(), store: none(), warehouse: none(), registry: none() }
}

/** What "sometimes" happened, summed over runs; a fault nobody met proves nothing. */
export type Counters = Map<string, number>
export const count = (counters: Counters, name: string, n = 1): void => {
  counters.set(name, (counters.get(name) ?? 0) + n)
}

/** How a process dies in the middle of a call: it takes no effect, it has taken effect, it takes effect later. */
export type Death = 'before' | 'after' | 'ghost'
export const DEATHS: readonly Death[] = ['before', 'after', 'ghost']

/** Decides at which calls processes die; without one none does. */
export interface Reaper {
  /** Asked at every call of a port. */
  next(): Death | null
  /** Makes it known that the process is dead. */
  killed(process: Process): void
}

export class Disturbed extends Error {
  override readonly name = 'Disturbed'
}

export interface Process {
  readonly name: string
  readonly alive: boolean
  readonly counters: Counters
  readonly clock: Clock
  /** One call of a port: `apply` takes effect at some moment, its result comes back at a later one. */
  call<T>(kind: CallKind, label: string, apply: () => T): Promise<T>
  /** Runs `work` inside the process after ms: later when it is paused, never when it is dead. */
  later(ms: number, label: string, work: () => unknown): Pending
  /** Takes back what `later` planned. */
  cancel(planned: Pending): void
  pause(ms: number): void
  readonly paused: boolean
  crash(): void
}

export const start_process = (
  name: string,
  scheduler: Scheduler,
  faults: Faults,
  counters: Counters,
  reaper: Reaper | null = null,
): Process => {
  const { random } = scheduler
  let alive = true
  let paused_until = 0
  let nonces = 0
  const asleep = new Map<() => void, AbortSignal>()

  const latency = (slow: number) => (random.chance(slow) ? random.between(50, 400) : random.between(0, 6))

  const later = (ms: number, label: string, work: () => unknown): Pending => {
    const planned = scheduler.after(ms, label, () => {
      if (!alive) return false
      if (scheduler.now() >= paused_until) return work()
      scheduler.after(paused_until - scheduler.now(), label, () => (planned.cancelled ? false : resume(work)))
      return false
    })
    return planned
  }
  /** After a pause; another one may have begun meanwhile. */
  const resume = (work: () => unknown): unknown => {
    if (!alive) return false
    if (scheduler.now() >= paused_until) return work()
    scheduler.after(paused_until - scheduler.now(), `${name} resumes`, () => resume(work))
    return false
  }

  /** The effect of a call; of a dead caller it is nothing, now, or later. */
  const take_effect = (label: string, apply: () => void) => {
    if (alive) return apply()
    const fate = random.between(0, 2)
    if (fate === 0) return
    count(counters, 'effect after death')
    if (fate === 1) apply()
    else scheduler.after(random.between(5, 300), `${label} (ghost of the dead)`, apply)
  }

  const die_in = (death: Death, text: string, apply: () => unknown): Promise<never> => {
    scheduler.note(`${text}: dies in it, ${death}`)
    count(counters, `died in a call: ${death}`)
    const died = () => {
      process.crash()
      reaper?.killed(process)
      return false
    }
    if (death === 'ghost')
      scheduler.after(random.between(5, 300), `${text} (ghost of the dead)`, () => {
        attempt(apply)
        return false
      })
    const effect = () => {
      // The process may have died of something else by then.
      if (death === 'after' && alive) attempt(apply)
      return died()
    }
    scheduler.after(death === 'after' ? random.between(0, 6) : 0, text, effect)
    return new Promise<never>(() => {})
  }

  const call = <T>(kind: CallKind, label: string, apply: () => T): Promise<T> => {
    if (!alive) return new Promise<T>(() => {})
    const rates = faults[kind]
    const text = `${name} ${label}`
    const death = reaper?.next()
    if (death) return die_in(death, text, apply)
    return new Promise<T>((resolve, reject) => {
      const refuse = (why: string) => {
        count(counters, `${kind}: ${why}`)
        later(latency(rates.slow), `${text}: ${why}`, () => reject(new Disturbed(`${label}: ${why}`)))
      }
      if (scheduler.now() < rates.down_until_ms) {
        refuse('out of reach')
        return
      }
      const wait = latency(rates.slow)
      if (random.chance(rates.fail)) {
        refuse('failed')
        return
      }
      if (random.chance(rates.ghost)) {
        scheduler.after(wait + random.between(5, 250), `${text} (ghost)`, () => {
          count(counters, `${kind}: ghost ${attempt(apply) ? 'took effect' : 'came too late'}`)
          return false
        })
        refuse('ghost')
        return
      }
      const lose = random.chance(rates.lost_reply)
      scheduler.after(wait, text, () => {
        take_effect(text, () => {
          let result: T
          try {
            result = apply()
          } catch (error) {
            later(0, `${text}: refused`, () => reject(error as Error))
            return
          }
          if (lose) refuse('reply lost')
          else later(latency(0), `${text}: done`, () => resolve(result))
        })
        return false
      })
    })
  }

  const sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>(resolve => {
      if (!alive) return
      if (signal?.aborted) return resolve()
      let over = false
      let planned: Pending | null = null
      const end = () => {
        if (over) return
        over = true
        asleep.delete(end)
        signal?.removeEventListener('abort', end)
        if (planned) scheduler.cancel(planned)
        if (alive) resolve()
      }
      signal?.addEventListener('abort', end)
      if (signal) asleep.set(end, signal)
      planned = later(ms, `${name} slept`, end)
    })

  const process: Process = {
    name,
    counters,
    get alive() {
      return alive
    },
    get paused() {
      return scheduler.now() < paused_until
    },
    clock: {
      now: () => Math.floor(scheduler.now()),
      sleep,
      nonce: () => `${name}.${++nonces}.${random.between(0, 0xffffff).toString(36)}`,
    },
    call,
    later,
    cancel: planned => {
      scheduler.cancel(planned)
    },
    pause(ms) {
      paused_until = Math.max(paused_until, scheduler.now() + ms)
    },
    crash() {
      alive = false
      // Node keeps signals that somebody listens to, and through them all of the run.
      for (const [end, signal] of asleep) signal.removeEventListener('abort', end)
      asleep.clear()
    },
  }
  return process
}

/** A ghost's refusal reaches nobody. */
const attempt = (apply: () => unknown): boolean => {
  try {
    apply()
    return true
  } catch {
    // The caller was told that it failed already; a fenced or out-of-turn ghost does nothing.
    return false
  }
}
