/**
 * `npm run dlq -- list | show ID | replay`: what was refused and why, and, once the reason is mended, sent in again: to the
 * pipeline that had failed only, and once, however often it is said.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { tributary } from '../runtime/app.ts'
import { body_reader } from '../runtime/bodies.ts'
import { type Config, help_text, type Option, parse_config } from '../runtime/config.ts'
import { create_logger } from '../runtime/logger.ts'
import type { Output } from '../runtime/ports.ts'
import { redriven, visit_dead_letters } from '../runtime/redrive.ts'
import { as_installed, open_beside, open_cluster_ports, open_system, type Ports } from '../runtime/system.ts'
import type { DeadLetter } from '../schemas/types.ts'
import { CommandError, read_endpoints, run_command } from './command.ts'

const text = (meaning: string, name: string, value: string) =>
  ({ name, flag: name, value, type: z.string(), meaning }) as const
const own = [
  text('only of this reason, such as OPERATOR_ERROR', 'reason', 'R'),
  text('only of this input topic', 'topic', 'T'),
  text('only those that this pipeline failed on', 'pipeline', 'P'),
  text('only refused at or after this time (ISO 8601)', 'since', 'TIME'),
  {
    name: 'dry_run',
    flag: 'dry-run',
    default: 'false',
    type: z.enum(['true', 'false']).transform(given => given === 'true'),
    meaning: 'replay: say what would be sent, and send nothing',
  },
] as const satisfies readonly Option[]

const USAGE = `npm run dlq -- list [options]          what was refused, counted by reason, topic and pipeline
npm run dlq -- show ID                 one of them with its original bytes
npm run dlq -- replay --reason R       sends them in again (embedded: while the process is stopped)`
/** Records in one request. */
const CHUNK = 500

type Chosen = ReturnType<typeof parse>['own']
const parse = () => parse_config(process.argv.slice(2), process.env, own, 2)

const main = async (): Promise<number> => {
  const { config, own: chosen, help, positionals } = parse()
  const [verb, id] = positionals
  const known = verb === 'list' || verb === 'replay' || (verb === 'show' && id !== undefined)
  if (help || !known) {
    process.stdout.write(help_text(USAGE, own))
    return help ? 0 : 2
  }
  const since_ms = chosen.since === undefined ? 0 : Date.parse(chosen.since)
  if (Number.isNaN(since_ms)) throw new CommandError(`--since ${chosen.since} is no time`)
  if (verb === 'replay' && !chosen.reason)
    throw new CommandError('replay needs --reason: first see what there is with list')
  const wanted = (letter: DeadLetter): boolean =>
    (chosen.reason === undefined || letter.reason === chosen.reason) &&
    (chosen.topic === undefined || letter.topic === chosen.topic) &&
    (chosen.pipeline === undefined || letter.pipeline === chosen.pipeline) &&
    letter.occurred_at >= since_ms
  const ports = await open_ports(config, verb === 'replay' && !chosen.dry_run)
  try {
    if (verb === 'list') return await list(ports, wanted)
    if (verb === 'show') return await show(ports, id as string)
    return await replay(ports, wanted, chosen)
  } finally {
    await ports.close()
  }
}

type Opened = Ports & { readonly app: ReturnType<typeof tributary>; close(): Promise<void> }

const open_ports = async (config: Config, writes: boolean): Promise<Opened> => {
  const logger = create_logger('warn')
  const opened = async (ports: Ports & { close(): Promise<void> }): Promise<Opened> => ({
    ...ports,
    app: tributary((await ports.log.partitions('payments')) ?? config.partitions),
  })
  if (config.cluster) return opened(await open_cluster_ports(config.cluster, logger))
  const running = read_endpoints(config.data_dir)
  if (!writes) return opened(await open_beside(config, running?.clickhouse ?? 'http://127.0.0.1:1'))
  if (running) throw new CommandError('stop the running process first: the log is its own')
  return opened(await open_system(await as_installed(config), logger))
}

interface Kind {
  count: number
  first_at: number
  last_at: number
  example: DeadLetter
}

const list = async (ports: Opened, wanted: (letter: DeadLetter) => boolean): Promise<number> => {
  const kinds = new Map<string, Kind>()
  await visit_dead_letters(ports, letter => {
    if (!wanted(letter)) return
    const name = [letter.reason, letter.topic || 'a timer', letter.pipeline ?? '-'].join('  ')
    const kind = kinds.get(name) ?? { count: 0, first_at: letter.occurred_at, last_at: 0, example: letter }
    kind.count++
    kind.first_at = Math.min(kind.first_at, letter.occurred_at)
    kind.last_at = Math.max(kind.last_at, letter.occurred_at)
    kinds.set(name, kind)
  })
  for (const [name, { count, first_at, last_at, example }] of [...kinds].sort(([a], [b]) =>
    a < b ? -1 : 1,
  )) {
    const when = `${new Date(first_at).toISOString()} … ${new Date(last_at).toISOString()}`
    const way = redriven(ports.app, example)
    const replayable = typeof way === 'string' ? `not replayable: ${way}` : 'replayable'
    process.stdout.write(`${String(count).padStart(8)}  ${name}\n          ${when}\n`)
    process.stdout.write(
      `          such as ${example.event_id}: ${example.detail}\n          ${replayable}\n`,
    )
  }
  if (kinds.size === 0) process.stdout.write('no dead letters\n')
  return 0
}

const show = async (ports: Opened, id: string): Promise<number> => {
  let found: DeadLetter | null = null
  await visit_dead_letters(ports, letter => {
    if (letter.event_id === id) found = letter
  })
  if (!found) throw new CommandError(`there is no dead letter ${id}`)
  const { key, value, ...rest } = found as DeadLetter
  const bytes = (given: Uint8Array | null) => given && Buffer.from(given).toString('base64')
  const row = value === null ? null : await body_reader(ports.registry)(Buffer.from(value)).catch(() => null)
  const shown = {
    ...rest,
    occurred_at: new Date(rest.occurred_at).toISOString(),
    key: key && Buffer.from(key).toString('utf8'),
    value_base64: bytes(value),
    row,
  }
  process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`)
  return 0
}

const replay = async (
  ports: Opened,
  wanted: (letter: DeadLetter) => boolean,
  { dry_run, reason }: Chosen,
): Promise<number> => {
  let waiting: Output[] = []
  let sent = 0
  const not_sent = new Map<string, number>()
  // What is refused each time it is sent has a dead letter of each time: sending all of them would double them.
  const seen = new Set<string>()
  const is_repeated = ({ topic, key, value, redrive }: Output): boolean => {
    if (redrive || !value) return false
    const name = `${topic} ${key?.toString('base64')} ${createHash('sha256').update(value).digest('base64')}`
    return seen.size === seen.add(name).size
  }
  const flush = async (): Promise<void> => {
    if (!dry_run) await ports.log.append(waiting)
    sent += waiting.length
    waiting = []
  }
  await visit_dead_letters(ports, async letter => {
    if (!wanted(letter)) return
    const record = redriven(ports.app, letter)
    if (typeof record === 'string') not_sent.set(record, (not_sent.get(record) ?? 0) + 1)
    else if (!is_repeated(record)) waiting.push(record)
    if (waiting.length >= CHUNK) await flush()
  })
  await flush()
  for (const [why, count] of not_sent) process.stdout.write(`${count} not sent: ${why}\n`)
  process.stdout.write(
    `${sent} dead letters of reason ${reason} ${dry_run ? 'would be sent' : 'are sent'} again\n`,
  )
  return 0
}

await run_command(main)
