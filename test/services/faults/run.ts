/**
 * `npm run faults`: kills, stops and restarts everything a cluster stands on, under load, and shows that no cent is lost or
 * doubled. Needs what the services suite needs, and two processor cores. Exit 1 when something does not hold.
 */
import { parseArgs } from 'node:util'
import { type Outcome, run_campaign } from './campaign.ts'
import { KINDS, type Kind } from './kinds.ts'
import { report } from './report.ts'

const DEFAULTS: Readonly<Record<Kind, string>> = {
  worker_kills: '5',
  zombies: '5',
  broker_restarts: '5',
  redis_kills: '5',
  warehouse_kills: '5',
  scale_cycles: '5',
}
const flag_of = (kind: Kind): string => kind.replaceAll('_', '-')

const USAGE = `npm run faults -- [options]

${KINDS.map(kind => `  --${flag_of(kind).padEnd(16)} N   how many (${DEFAULTS[kind]})`).join('\n')}
  --seed             N   chooses order and moments (1)
  --state            FILE  counters of faults that were checked; a later run with the same file goes on
  --minutes          M   ends, checked, after so long (240)
  --rate             N   events per second (200)
  --check-every      N   faults from one check to the next (20)
  --session-ms       N   how long a silent worker keeps its tasks, 1000 or more (2000)
`

const number_of = (name: string, text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0)
    throw new RangeError(`--${name}: expected a whole number, not ${JSON.stringify(text)}`)
  return value
}

const parse = () => {
  const text = { type: 'string' } as const
  const counts = Object.fromEntries(KINDS.map(kind => [flag_of(kind), { ...text, default: DEFAULTS[kind] }]))
  const { values } = parseArgs({
    options: {
      ...(counts as Record<string, { type: 'string'; default: string }>),
      seed: { ...text, default: '1' },
      state: text,
      minutes: { ...text, default: '240' },
      rate: { ...text, default: '200' },
      'check-every': { ...text, default: '20' },
      'session-ms': { ...text, default: '2000' },
      help: { type: 'boolean' },
    },
  })
  const read = (name: string): number => number_of(name, String((values as Record<string, unknown>)[name]))
  return {
    help: values.help === true,
    wanted: Object.fromEntries(KINDS.map(kind => [kind, read(flag_of(kind))])) as Record<Kind, number>,
    seed: read('seed'),
    state: typeof values.state === 'string' ? values.state : null,
    minutes: read('minutes'),
    events_per_s: Math.max(1, read('rate')),
    check_every: Math.max(1, read('check-every')),
    session_ms: read('session-ms'),
  }
}

const main = async (): Promise<number> => {
  const { help, ...plan } = parse()
  if (help) {
    process.stdout.write(USAGE)
    return 0
  }
  const stop = new AbortController()
  const say = (line: string): void => void process.stdout.write(`${line}\n`)
  process.on('SIGTERM', () => {
    say('SIGTERM: ending after the fault that is under way, checked')
    stop.abort()
  })
  // At a terminal every process gets it, those that were started too: there is nothing left to check.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => process.exit(130))
  const outcome: Outcome = await run_campaign({ ...plan, say, stop: stop.signal })
  process.stdout.write(report(outcome, plan.wanted))
  return 0
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
process.exit()
