/**
 * Runs seeds in this process until one fails: `node test/simulation/run.ts --seeds 1..2000 [--step 2]`; with
 * MUTANT=<name> in the environment over production code with that bug planted. As a child process it reports
 * by messages.
 */
import { parseArgs } from 'node:util'
import './mutant-loader.ts'
import './memo.ts'
import { parse_range } from './ranges.ts'
import type { Run } from './world.ts'

/** What a child tells its parent. */
export type Report =
  | {
      readonly kind: 'passed'
      readonly seed: number
      readonly events: number
      readonly counters: readonly (readonly [string, number])[]
    }
  | { readonly kind: 'exhausted'; readonly runs: number; readonly calls: number }
  | { readonly kind: 'failed'; readonly seed: number; readonly rule: string; readonly message: string }

export const report_of = ({ seed, violation, events, counters }: Run): Report =>
  violation
    ? { kind: 'failed', seed, rule: violation.rule, message: violation.message }
    : { kind: 'passed', seed, events, counters: [...counters] }

const main = async () => {
  const options = {
    seeds: { type: 'string', default: '1..200' },
    step: { type: 'string', default: '1' },
    /** A seed whose calls are to be died in, one by one: `--seeds` and `--step` then count calls. */
    exhaust: { type: 'string' },
    near: { type: 'string', default: '0' },
  } as const
  const { values } = parseArgs({ options })
  // Loaded here, so that a planted bug is in place before production code is.
  const { simulate } = await import('./world.ts')
  const [from, to] = parse_range(values.seeds)
  if (values.exhaust !== undefined) {
    const { exhaust } = await import('./exhaustive.ts')
    const seed = parse_range(values.exhaust)[0]
    const work = { part: from - 1, of: Number(values.step) }
    const { failed, ...sums } = await exhaust(simulate, seed, Number(values.near), work)
    const report: Report = failed
      ? { kind: 'failed', seed, rule: failed.name, message: `${failed.name}: ${failed.message}` }
      : { kind: 'exhausted', ...sums }
    if (process.send) process.send(report)
    else console.log(report)
    process.exitCode = failed ? 1 : 0
    process.disconnect?.()
    return
  }
  let last = to
  process.on('message', (seed: number) => {
    last = Math.min(last, seed)
  })
  for (let seed = from; seed <= last; seed += Number(values.step)) {
    const report = report_of(await simulate(seed))
    process.send?.(report)
    // A run leaves no room for the event loop: here messages come and go.
    await new Promise(resolve => setImmediate(resolve))
    if (report.kind !== 'failed') continue
    if (!process.send) console.log(`seed ${seed}: ${report.message}`)
    process.exitCode = 1
    break
  }
  process.disconnect?.()
}

if (import.meta.main) await main()
