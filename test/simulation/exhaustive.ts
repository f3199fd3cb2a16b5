/**
 * Deaths at every call of a port: of a small and quiet run the calls are counted, then for each call and each way to die
 * in it the run is made anew, dies there, recovers and is verified. Pairs: a second death among the calls behind the first.
 */

import { DEATHS, type Death } from './process.ts'
import { parse_range } from './ranges.ts'
import type { Run } from './world.ts'

export interface Exhausted {
  readonly runs: number
  readonly calls: number
  readonly failed: { readonly name: string; readonly message: string } | null
}

type Simulate = (
  seed: number,
  options: { readonly small: boolean; readonly keep?: number; readonly next_death: () => Death | null },
) => Promise<Run>

/** The n-th call from now on, and how its caller dies in it. */
interface Blow {
  readonly call: number
  readonly death: Death
}

const dealt = (blows: readonly Blow[]) => {
  const left = [...blows]
  let calls = 0
  return {
    next: (): Death | null => {
      calls++
      if (left[0]?.call !== calls) return null
      calls = 0
      return left.shift()?.death ?? null
    },
    get calls() {
      return calls
    },
  }
}

const describe = (seed: number, blows: readonly Blow[]): string =>
  `${seed}:${blows.map(({ call, death }) => `${call}/${death}`).join(',')}`

/** The blows named in `17:204/after,12/ghost`. Throws RangeError on anything else. */
export const parse_blows = (text: string): { readonly seed: number; readonly blows: readonly Blow[] } => {
  const [seed = '', blows = ''] = text.split(':')
  return {
    seed: parse_range(seed)[0],
    blows: blows.split(',').map(one => {
      const [call, death] = one.split('/')
      const known = DEATHS.find(each => each === death)
      if (!known || !/^\d+$/.test(call ?? ''))
        throw new RangeError(`not a call and a death such as 204/after: ${one}`)
      return { call: Number(call), death: known }
    }),
  }
}

export const run_blows = (simulate: Simulate, seed: number, blows: readonly Blow[], keep = 0): Promise<Run> =>
  simulate(seed, { small: true, keep, next_death: dealt(blows).next })

/** Calls of the undisturbed run. */
const count_calls = async (simulate: Simulate, seed: number): Promise<number> => {
  const counting = dealt([])
  const run = await simulate(seed, { small: true, next_death: counting.next })
  if (run.violation) throw new Error(`seed ${seed} fails undisturbed: ${run.violation.message}`)
  return counting.calls
}

/**
 * @param near second deaths are tried at so many calls behind the first; 0: single deaths only
 * @param share this process's part of the work: every `of`-th call beginning with `part`
 */
export const exhaust = async (
  simulate: Simulate,
  seed: number,
  near: number,
  { part, of }: { readonly part: number; readonly of: number },
  progress: (runs: number) => void = () => {},
): Promise<Exhausted> => {
  const calls = await count_calls(simulate, seed)
  let runs = 0
  for (let call = 1 + part; call <= calls; call += of)
    for (const death of DEATHS) {
      const seconds: (Blow | null)[] = [null]
      // One way to die the second time, in turn: all nine pairs would say little more.
      for (let behind = 1; behind <= near; behind++)
        seconds.push({ call: behind, death: DEATHS[(call + behind) % DEATHS.length] as Death })
      for (const second of seconds) {
        const blows = [{ call, death }, ...(second ? [second] : [])]
        const { violation } = await run_blows(simulate, seed, blows)
        progress(++runs)
        if (violation)
          return { runs, calls, failed: { name: describe(seed, blows), message: violation.message } }
      }
      // Room for the event loop: a run leaves none.
      await new Promise(resolve => setImmediate(resolve))
    }
  return { runs, calls, failed: null }
}
