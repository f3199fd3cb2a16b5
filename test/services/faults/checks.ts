/**
 * What must hold whenever the field is quiet: everything is processed, checkpointed and inserted; `npm run reconcile` finds
 * no difference; sql/checks return no row; the independent reader finds nothing lost, doubled, invented or wrong.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { read_checks } from '../../../runtime/clickhouse/migrate.ts'
import type { Ground } from './kinds.ts'
import type { PythonProcess } from './python-process.ts'

const run = promisify(execFile)
const RECONCILE = join(import.meta.dirname, '../../../commands/reconcile.ts')
const QUIET_MS = 300_000
const LOOKS = 3
const LOOK_MS = 150

/** What reader.py answers. */
export interface Reading {
  readonly lost: number
  readonly doubled: number
  readonly invented: number
  readonly wrong: number
  /** Places whose sum in the ledger is not what was sent. */
  readonly sums_differing: readonly string[]
  /** Ranges of the batch log that judge an offset twice. */
  readonly overlaps: readonly string[]
  /** Inputs of which not every record was judged. */
  readonly unjudged: readonly string[]
  readonly sums: Readonly<Record<string, number>>
  readonly input_records: number
  readonly output_records: number
  readonly batches: number
  readonly expected: Readonly<Record<string, number>>
  readonly dead_letters: Readonly<Record<string, number>>
}

export class Broken extends Error {
  override readonly name = 'Broken'
}

/** Waits until everything is processed, checkpointed and inserted. */
const quiet = async ({ field, tasks }: Ground): Promise<void> => {
  const behind = (lag: Readonly<Record<string, number>>) => Object.values(lag).some(records => records > 0)
  const deadline = Date.now() + QUIET_MS
  for (let looks = 0; looks < LOOKS; ) {
    await field.mend()
    const all = [...(await field.status()).values()]
    const busy = [
      ...all
        .flatMap(each => each.tasks)
        .filter(
          task => task.state !== 'live' || behind(task.lag) || task.committed_seq !== task.checkpoint_seq,
        ),
      ...all.flatMap(({ sink }) => sink).filter(sink => sink.error !== null || behind(sink.lag)),
    ]
    const known = all.flatMap(each => each.tasks).length
    const sinks = new Set(all.flatMap(({ sink }) => sink.map(({ partition }) => partition))).size
    looks = busy.length === 0 && known === tasks && sinks > 0 ? looks + 1 : 0
    if (Date.now() > deadline)
      throw new Broken(
        `not quiet in ${QUIET_MS} ms, ${known} of ${tasks} tasks: ${JSON.stringify(busy).slice(0, 3000)}`,
      )
    await sleep(LOOK_MS)
  }
}

const reconcile = async ({ field }: Ground): Promise<string[]> => {
  const options = { env: { ...process.env, ...field.env }, maxBuffer: 1 << 26 }
  try {
    await run(process.execPath, [RECONCILE, '--log-level', 'warn'], options)
    return []
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    return [`reconcile: ${stderr || String(error)}\n${stdout ?? ''}`.trim()]
  }
}

const rows_of_checks = async ({ field }: Ground): Promise<string[]> => {
  const found: string[] = []
  for (const { name, text } of read_checks()) {
    const rows = await field.query(text)
    if (rows.length > 0) found.push(`${name}: ${rows.length} rows, the first ${JSON.stringify(rows[0])}`)
  }
  return found
}

/** Tables hold every event that was acknowledged, once. */
const rows_missing = async ({ field }: Ground, { expected }: Reading): Promise<string[]> => {
  const found: string[] = []
  for (const table of ['payments', 'touchpoints', 'conversations']) {
    const [row] = await field.query(`select count() as rows from ${table} final`)
    const sent = expected[table] ?? 0
    if (Number(row?.rows) !== sent) found.push(`table ${table}: ${row?.rows} rows, ${sent} events were sent`)
  }
  return found
}

const faults_of = (reading: Reading): string[] => {
  const counts = ['lost', 'doubled', 'invented', 'wrong'] as const
  const bad = counts.some(name => reading[name] > 0)
  const lists = [...reading.sums_differing, ...reading.overlaps, ...reading.unjudged]
  return bad || lists.length > 0 ? [`independent reader: ${JSON.stringify(reading)}`] : []
}

/** The reading, when everything holds; throws Broken with all that does not. */
export const check = async (ground: Ground, reader: PythonProcess): Promise<Reading> => {
  await quiet(ground)
  const [reading, ...found] = await Promise.all([
    reader.ask<Reading>('check'),
    reconcile(ground),
    rows_of_checks(ground),
  ])
  const problems = [...faults_of(reading), ...(await rows_missing(ground, reading)), ...found.flat()]
  if (problems.length > 0) throw new Broken(problems.join('\n'))
  return reading
}
