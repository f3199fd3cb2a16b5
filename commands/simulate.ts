/**
 * `npm run simulate`: the deterministic simulation of tasks, recovery and sink under crashes, zombies, lost replies and
 * lost checkpoints. A seed that fails is named and can be run alone, with its history.
 */
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import '../test/simulation/memo.ts'
import { parse_blows, run_blows } from '../test/simulation/exhaustive.ts'
import { mutants } from '../test/simulation/mutants.ts'
import { parse_range, pieces_left, read_progress, write_progress } from '../test/simulation/ranges.ts'
import { rare } from '../test/simulation/rare.ts'
import type { Report } from '../test/simulation/run.ts'
import { MISTAKE } from '../test/simulation/violation.ts'
import type { Run } from '../test/simulation/world.ts'

const USAGE = `npm run simulate -- --seed N        one seed, with what happened in it
npm run simulate -- --seeds A..B    many seeds; exit code 1 names the first that fails
                    --state FILE    remembers which are through: the same command goes on where it was stopped
npm run simulate -- --exhaustive    a process dies in every call of a port, before, after and with a late effect, in
                                    each of a few small runs (--scenarios 1..6); --near N tries second deaths in the
                                    N calls behind the first, in the first of them (default 6)
npm run simulate -- --blows S:I/D   one of those, with what happened: small run S, call I, death D (before, after, ghost)
npm run simulate -- --mutants       plants each known bug and reports after how many seeds it is caught
                    --only NAME     that one
                    --lines N       lines of history shown with a failing seed (default 200)`

const ROOT = new URL('../', import.meta.url)
const RUN = fileURLToPath(new URL('test/simulation/run.ts', ROOT))
/** Seeds from which on every rare thing must have been met. */
const MANY = 2000
const PIECE = 1000

const show_run = (run: Run, lines: number): boolean => {
  const { seed, violation, history, counters, events, virtual_ms, profile, mishaps, hash } = run
  console.log(history.slice(-lines).join('\n'))
  console.log(
    `\nseed ${seed}: ${profile} events, ${events} steps, ` +
      `${(virtual_ms / 1000).toFixed(1)} s of virtual time, trace ${hash.toString(16)}`,
  )
  console.log(`planned: ${mishaps.join(', ') || 'no mishaps'}`)
  console.log(
    [...counters]
      .sort()
      .map(([name, n]) => `${name} ${n}`)
      .join(', '),
  )
  console.log(violation ? `\nVIOLATION  ${violation.message}` : '\nevery rule held')
  return violation === null
}

const KEEP = 1_000_000

const one_seed = async (seed: number, lines: number): Promise<boolean> => {
  const { simulate } = await import('../test/simulation/world.ts')
  return show_run(await simulate(seed, { keep: KEEP }), lines)
}

const some_blows = async (text: string, lines: number): Promise<boolean> => {
  const { simulate } = await import('../test/simulation/world.ts')
  const { seed, blows } = parse_blows(text)
  return show_run(await run_blows(simulate, seed, blows, KEEP), lines)
}

interface Outcome {
  readonly failed: Extract<Report, { kind: 'failed' }> | null
  readonly passed: number
  /** Events, or of deaths in every call the calls. */
  readonly events: number
  readonly counters: ReadonlyMap<string, number>
}

/** Work dealt out to as many processes as there are cores; all of them stop behind the first failure. */
const many_processes = (
  from: number,
  to: number,
  processes: number,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  progress: (done: number) => void,
): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const counters = new Map<string, number>()
    let failed: Outcome['failed'] = null
    let passed = 0
    let events = 0
    let running = 0
    const children = Array.from({ length: Math.min(processes, to - from + 1) }, (_, i) => {
      const child = fork(RUN, ['--seeds', `${from + i}..${to}`, '--step', String(processes), ...args], {
        env,
        silent: true,
        // Short-lived garbage is most of what a seed makes, and errors that are told by their messages.
        execArgv: ['--max-semi-space-size=64', '--stack-trace-limit=0'],
      })
      running++
      let errors = ''
      child.stderr?.on('data', text => {
        errors += text
      })
      child.on('message', (report: Report) => {
        if (report.kind === 'failed') {
          if (!failed || report.seed < failed.seed) failed = report
          for (const other of children) if (other !== child && other.connected) other.send(report.seed)
          return
        }
        if (report.kind === 'exhausted') {
          passed += report.runs
          events = report.calls
          return
        }
        passed++
        events += report.events
        for (const [name, n] of report.counters) counters.set(name, (counters.get(name) ?? 0) + n)
        progress(passed)
      })
      // A child that has ended by itself need not be told to.
      child.on('error', () => {})
      child.on('exit', code => {
        if (code !== 0 && !failed) reject(new Error(`a simulation ended by itself with ${code}:\n${errors}`))
        if (--running === 0) resolve({ failed, passed, events, counters })
      })
      return child
    })
  })

const many_seeds = (from: number, to: number, processes: number, env = process.env, progress = quiet) =>
  many_processes(from, to, processes, [], env, progress)
const quiet = (_done: number) => {}

/** Names the code that is simulated, and the simulation. */
const code_now = (): string => {
  const hash = createHash('sha256')
  for (const folder of ['operators', 'pipelines', 'runtime', 'schemas', 'test/simulation'])
    for (const file of readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' }).sort())
      if (/\.(ts|avsc)$/.test(file))
        hash.update(file).update(readFileSync(new URL(`${folder}/${file}`, ROOT)))
  return hash.digest('hex').slice(0, 16)
}

const range = async (from: number, to: number, file: string | null): Promise<boolean> => {
  const progress = read_progress(file, file ? code_now() : '')
  const pieces = pieces_left([from, to], file ? PIECE : to - from + 1, progress.done)
  let failed: Outcome['failed'] = null
  for (const [first, last] of pieces) {
    const started = performance.now()
    const before = progress.seeds
    const show = shown_progress(before, to - from + 1)
    const outcome = await many_seeds(first, last, availableParallelism(), process.env, show)
    progress.seeds += outcome.passed
    progress.steps += outcome.events
    progress.seconds += (performance.now() - started) / 1000
    for (const [name, n] of outcome.counters) progress.counters[name] = (progress.counters[name] ?? 0) + n
    failed = outcome.failed
    if (failed) break
    progress.done.push([first, last])
    if (file) write_progress(file, progress)
  }
  const { seeds, steps, seconds, counters } = progress
  if (process.stderr.isTTY) process.stderr.write('\r')
  const met = Object.entries(counters).sort()
  console.log(met.map(([name, n]) => `${String(n).padStart(9)}  ${name}`).join('\n'))
  console.log(
    `${seeds} seeds passed, ${steps} steps, ${seconds.toFixed(1)} s, ${(seeds / seconds).toFixed(0)} seeds/s`,
  )
  if (failed)
    console.log(`\nseed ${failed.seed} FAILS  ${failed.message}\nnpm run simulate -- --seed ${failed.seed}`)
  const never = seeds < MANY ? [] : rare.filter(name => !counters[name])
  if (never.length)
    console.log(`\nNEVER MET in ${seeds} seeds, so nothing is proved about it: ${never.join(', ')}`)
  return failed === null && never.length === 0
}

const shown_progress = (before: number, all: number) => {
  let shown = 0
  return (done: number) => {
    if (!process.stderr.isTTY || performance.now() - shown < 200) return
    shown = performance.now()
    process.stderr.write(`\r${before + done} of ${all} seeds`)
  }
}

const exhaustive = async (from: number, to: number, near: number): Promise<boolean> => {
  const processes = availableParallelism()
  for (let seed = from; seed <= to; seed++) {
    const started = performance.now()
    const args = ['--exhaust', String(seed), '--near', String(seed === from ? near : 0)]
    const { failed, passed, events } = await many_processes(1, processes, processes, args, process.env, quiet)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    if (failed) {
      console.log(`FAILS  ${failed.message}\nnpm run simulate -- --blows ${failed.rule}`)
      return false
    }
    const second = seed === from && near > 0 ? `, and second deaths in the ${near} calls behind` : ''
    console.log(
      `scenario ${seed}: ${events} calls, died in every one of them three ways${second}: ` +
        `${passed} runs, ${seconds} s`,
    )
  }
  return true
}

/** As many mutants at a time as there are cores, each over the seeds from 1 on until one catches it. */
const all_mutants = async (to: number, only: string | undefined): Promise<boolean> => {
  const started = performance.now()
  let missed = 0
  const chosen = mutants.filter(({ name }) => only === undefined || name === only)
  if (chosen.length === 0) throw new RangeError(`no mutant ${only}`)
  const left = [...chosen]
  const hunt = async () => {
    for (let mutant = left.shift(); mutant; mutant = left.shift()) {
      const { name, bug } = mutant
      const { failed, passed } = await many_seeds(1, to, 1, { ...process.env, MUTANT: name })
      // A patch that only makes the code stumble is no planted bug.
      const caught = failed && failed.rule !== MISTAKE
      if (!caught) missed++
      const verdict = failed
        ? `${caught ? 'caught' : 'STUMBLES'} at seed ${failed.seed}: ${failed.rule}`
        : `MISSED in ${passed} seeds`
      console.log(`${name.padEnd(20)} ${verdict}\n${' '.repeat(20)} (${bug})`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, hunt))
  const seconds = (performance.now() - started) / 1000
  console.log(`${chosen.length - missed} of ${chosen.length} planted bugs caught, ${seconds.toFixed(1)} s`)
  return missed === 0
}

const main = async (): Promise<boolean> => {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      state: { type: 'string' },
      exhaustive: { type: 'boolean', default: false },
      scenarios: { type: 'string', default: '1..6' },
      near: { type: 'string', default: '6' },
      blows: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      only: { type: 'string' },
      lines: { type: 'string', default: '200' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return true
  }
  if (values.seed !== undefined) return one_seed(parse_range(values.seed)[0], Number(values.lines))
  if (values.blows !== undefined) return some_blows(values.blows, Number(values.lines))
  if (values.exhaustive) return exhaustive(...parse_range(values.scenarios), Number(values.near))
  if (values.mutants) return all_mutants(parse_range(values.seeds ?? '1..2000')[1], values.only)
  if (values.seeds !== undefined) return range(...parse_range(values.seeds), values.state ?? null)
  throw new RangeError(`nothing to simulate\n${USAGE}`)
}

if (import.meta.main) {
  try {
    process.exitCode = (await main()) ? 0 : 1
  } catch (error) {
    console.error(error instanceof RangeError || error instanceof TypeError ? error.message : error)
    process.exitCode = 2
  }
}
