/**
 * `npm run simulate -- --seed N | --seeds A..B | --mutants`: the deterministic simulation of tasks, recovery
 * and sink under crashes, zombies, lost replies and lost checkpoints. A seed that fails is named and can be
 * run alone, with its history.
 */
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import '../test/simulation/memo.ts'
import { mutants } from '../test/simulation/mutants.ts'
import { parse_range, type Report } from '../test/simulation/run.ts'
import { MISTAKE } from '../test/simulation/violation.ts'

const USAGE = `npm run simulate -- --seed N        one seed, with what happened in it
npm run simulate -- --seeds A..B    many seeds; exit code 1 names the first that fails
npm run simulate -- --mutants       plants each known bug and reports after how many seeds it is caught
                    --lines N       lines of history shown with a failing seed (default 200)`

const RUN = fileURLToPath(new URL('../test/simulation/run.ts', import.meta.url))

const one_seed = async (seed: number, lines: number): Promise<boolean> => {
  const { simulate } = await import('../test/simulation/world.ts')
  const run = await simulate(seed, 1_000_000)
  const { violation, history, counters, events, virtual_ms, profile, mishaps, hash } = run
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

interface Outcome {
  readonly failed: Extract<Report, { kind: 'failed' }> | null
  readonly passed: number
  readonly events: number
  readonly counters: ReadonlyMap<string, number>
}

/** Seeds dealt out to as many processes as there are cores; all of them stop behind the first failure. */
const many_seeds = (
  from: number,
  to: number,
  processes: number,
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
      const child = fork(RUN, ['--seeds', `${from + i}..${to}`, '--step', String(processes)], {
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

const range = async (from: number, to: number): Promise<boolean> => {
  const started = performance.now()
  let shown = 0
  const show = (done: number) => {
    if (!process.stderr.isTTY || performance.now() - shown < 200) return
    shown = performance.now()
    process.stderr.write(`\r${done} of ${to - from + 1} seeds`)
  }
  const { failed, passed, events, counters } = await many_seeds(
    from,
    to,
    availableParallelism(),
    process.env,
    show,
  )
  const seconds = (performance.now() - started) / 1000
  if (process.stderr.isTTY) process.stderr.write('\r')
  console.log(
    [...counters]
      .sort()
      .map(([name, n]) => `${String(n).padStart(9)}  ${name}`)
      .join('\n'),
  )
  console.log(
    `${passed} seeds passed, ${events} steps, ${seconds.toFixed(1)} s, ` +
      `${(passed / seconds).toFixed(0)} seeds/s`,
  )
  if (failed)
    console.log(`\nseed ${failed.seed} FAILS  ${failed.message}\nnpm run simulate -- --seed ${failed.seed}`)
  return failed === null
}

/** As many mutants at a time as there are cores, each over the seeds from 1 on until one catches it. */
const all_mutants = async (to: number): Promise<boolean> => {
  const started = performance.now()
  let missed = 0
  const left = [...mutants]
  const hunt = async () => {
    for (let mutant = left.shift(); mutant; mutant = left.shift()) {
      const { name, bug } = mutant
      const { failed, passed } = await many_seeds(1, to, 1, { ...process.env, MUTANT: name }, () => {})
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
  console.log(`${mutants.length - missed} of ${mutants.length} planted bugs caught, ${seconds.toFixed(1)} s`)
  return missed === 0
}

const main = async (): Promise<boolean> => {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      lines: { type: 'string', default: '200' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return true
  }
  if (values.seed !== undefined) return one_seed(parse_range(values.seed)[0], Number(values.lines))
  if (values.mutants) return all_mutants(parse_range(values.seeds ?? '1..2000')[1])
  if (values.seeds !== undefined) return range(...parse_range(values.seeds))
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
