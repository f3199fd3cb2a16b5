/**
 * Runs seeds in this process until one fails: `node test/simulation/run.ts --seeds 1..2000 [--step 2]`; with
 * MUTANT=<name> in the environment over production code with that bug planted. As a child process it reports
 * by messages.
 */
import { parseArgs } from 'node:util'
import './mutant-loader.ts'
import './memo.ts'
import type { Run } from './world.ts'

/** What a child tells its parent. */
export type Report =
  | {
      readonly kind: 'passed'
      readonly seed: number
      readonly events: number
      readonly counters: readonly (readonly [string, number])[]
    }
  | { readonly kind: 'failed'; readonly seed: number; readonly rule: string; readonly message: string }

export const report_of = ({ seed, violation, events, counters }: Run): Report =>
  violation
    ? { kind: 'failed', seed, rule: violation.rule, message: violation.message }
    : { kind: 'passed', seed, events, counters: [...counters] }

/** `A..B` or `A`. Throws RangeError on anything else. */
export const parse_range = (text: string): readonly [from: number, to: number] => {
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(text)
  const from = Number(match?.[1])
  const to = Number(match?.[2] ?? match?.[1])
  if (!match || to < from) throw new RangeError(`not a range of seeds such as 1..2000: ${text}`)
  return [from, to]
}

const main = async () => {
  const options = {
    seeds: { type: 'string', default: '1..200' },
    step: { type: 'string', default: '1' },
  } as const
  const { values } = parseArgs({ options })
  // Loaded here, so that a planted bug is in place before production code is.
  const { simulate } = await import('./world.ts')
  const [from, to] = parse_range(values.seeds)
  let last = to
  process.on('message', (seed: number) => {
    last = Math.min(last, seed)
  })
  for (let seed = from; seed <= last; seed += Number(values.step)) {
    const report = report_of(await simulate(seed))
    process.send?.(report)
    if (report.kind === 'passed') continue
    if (!process.send) console.log(`seed ${seed}: ${report.message}`)
    process.exitCode = 1
    break
  }
  process.disconnect?.()
}

if (import.meta.main) await main()
