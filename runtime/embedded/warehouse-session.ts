/**
 * Runs statements on chDB: one connection (a private set of settings, parameters and role) per statement, opened in
 * well under a millisecond, so that no request sees another one's settings. A reader runs under a role that may only
 * select, with readonly = 1, after chDB's formatter has shown the statement to be a single read.
 */
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Session } from 'chdb'
import { compressed_frames, drop_frames } from './warehouse-frames.ts'
import {
  identifier,
  insert_from_file,
  insert_head,
  quoted,
  refusal,
  set_statement,
} from './warehouse-statements.ts'

export interface ChdbSettings {
  /** Holds `clickhouse` (the data) and `clickhouse-tmp`. */
  readonly dir: string
  /** A reader's bounds: seconds and bytes of one statement. */
  readonly analyst_seconds_max: number
  readonly analyst_bytes_max: number
}

export interface Statement {
  readonly user: string
  /** The text, and behind it the data of an INSERT. */
  readonly body: Buffer
  readonly database: string
  readonly format: string
  readonly settings: ReadonlyMap<string, string>
  /** `x` -> value in the escaped form of the HTTP interface, which is also chDB's. */
  readonly params: ReadonlyMap<string, string>
  /** GET and HEAD must not change anything. */
  readonly reads_only: boolean
  /** Aborted when the client is gone: nobody waits for the answer. */
  readonly signal: AbortSignal
}

export interface Answer {
  readonly bytes: Uint8Array
  readonly rows: number
  readonly read_bytes: number
  readonly elapsed_s: number
  readonly written: boolean
}

export interface Sessions {
  run(statement: Statement): Promise<Answer>
  /** Bytes in an encoding that only ClickHouse reads (LZ4 frames). */
  decoded(bytes: Buffer, method: string): Promise<Buffer>
  /** Bytes in ClickHouse's own compressed blocks. */
  compressed(bytes: Uint8Array): Promise<Buffer>
}

/** An error in ClickHouse's words. */
export class ClickHouseFault extends Error {
  readonly code: number
  constructor(code: number, name: string, text: string) {
    super(`Code: ${code}. DB::Exception: ${text} (${name})`)
    this.code = code
  }
}

const USERS = `<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <roles>
    <owner><grants><query>GRANT ALL ON *.*</query></grants></owner>
    <reader><grants><query>GRANT SELECT, SHOW ON *.*</query></grants></reader>
  </roles>
  <users><default>
    <password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>
    <grants><query>GRANT owner</query><query>GRANT reader</query></grants>
  </default></users>
</clickhouse>
`
/** Statements at once: the rest waits. Readers have fewer, so that inserts always find a free thread. */
const RUNNING_MAX = 24
const READING_MAX = 12
const HEAD_MAX = 1 << 20

/** What a reader may set: nothing that names a file, a host or a right. */
const READER_SETTING = new RegExp(
  `^(?:final|max_threads|max_block_size|max_execution_time|max_memory_usage|max_result_rows|max_result_bytes|
  max_rows_to_read|max_bytes_to_read|result_overflow_mode|read_overflow_mode|timeout_overflow_mode|limit|offset|extremes|
  join_use_nulls|join_algorithm|group_by_use_nulls|session_timezone|date_time_output_format|date_time_input_format|
  cast_keep_nullable|use_uncompressed_cache|log_comment|priority|async_insert|wait_for_async_insert|
  output_format_(?!schema|avro_rows)\\w+|(?:enable_)?http_\\w+|send_progress_in_http_headers|cancel_http_\\w+)$`.replace(
    /\s+/g,
    '',
  ),
)

const gate = (limit: number) => {
  const waiting: (() => void)[] = []
  let running = 0
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= limit) await new Promise<void>(resolve => waiting.push(resolve))
    else running += 1
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}

/** Loads chDB and opens the data directory. Throws with the remedy where chDB does not run, and when the directory is held. */
export const open_sessions = async (config: ChdbSettings): Promise<Sessions> => {
  const { Session: Connection } = await load_chdb()
  const data = join(config.dir, 'clickhouse')
  // INFILE takes these for wildcards.
  const wild = /[*?{}]/.test(config.dir)
  const scratch = wild ? mkdtempSync(join(tmpdir(), 'clickhouse-')) : join(config.dir, 'clickhouse-tmp')
  rmSync(scratch, { recursive: true, force: true })
  mkdirSync(scratch, { recursive: true })
  mkdirSync(data, { recursive: true })
  const config_file = join(scratch, 'config.xml')
  writeFileSync(join(scratch, 'users.xml'), USERS)
  writeFileSync(
    config_file,
    `<clickhouse><users_config>${escape_xml(join(scratch, 'users.xml'))}</users_config></clickhouse>\n`,
  )
  const open = () => new Connection(data, { connectionArgs: [`--config-file=${config_file}`] })
  // Held for as long as we live: the directory is locked once, not anew with each statement.
  const lasting = open()
  await drop_frames(async (text, format) => (await execute(lasting, text, format, false)).bytes)
  const all = gate(RUNNING_MAX)
  const readers = gate(READING_MAX)
  let files = 0

  const in_file = async <T>(
    bytes: Uint8Array,
    work: (path: string, number: number) => Promise<T>,
  ): Promise<T> => {
    files += 1
    const number = files
    const path = join(scratch, `${number}.body`)
    await writeFile(path, bytes)
    try {
      return await work(path, number)
    } finally {
      await unlink(path)
    }
  }
  const on_connection = async <T>(work: (connection: Session) => Promise<T>): Promise<T> => {
    const connection = open()
    try {
      return await work(connection)
    } finally {
      connection.close()
    }
  }
  /** Runs a read under a mark by which it is found again, and kills it when its client is gone. */
  const while_wanted = async <T>(
    { signal, body, user }: Statement,
    mark: string,
    work: () => Promise<T>,
  ): Promise<T> => {
    if (signal.aborted) throw new ClickHouseFault(394, 'QUERY_WAS_CANCELLED', 'Query was cancelled.')
    const read =
      user === 'analyst' || /^[\s(]*(?:SELECT|WITH)\b/i.test(body.subarray(0, 200).toString('latin1'))
    if (!read) return work()
    const kill = () => {
      const text = `KILL QUERY WHERE Settings['log_comment'] = ${quoted(mark)} ASYNC`
      // It may have ended by itself in the meantime.
      on_connection(connection => execute(connection, text, 'Null', false)).catch(() => undefined)
    }
    signal.addEventListener('abort', kill, { once: true })
    try {
      return await work()
    } finally {
      signal.removeEventListener('abort', kill)
    }
  }
  const run = (statement: Statement): Promise<Answer> => {
    const mark = `${statement.settings.get('log_comment') ?? ''}#${randomUUID()}`
    return while_wanted(statement, mark, () => run_marked(statement, mark))
  }
  const run_marked = (statement: Statement, mark: string): Promise<Answer> =>
    on_connection(async connection => {
      const settings = new Map(statement.settings).set('log_comment', mark)
      await prepare(connection, { ...statement, settings }, config)
      if (statement.user === 'analyst') return read(connection, statement)
      const head = insert_head(statement.body.subarray(0, HEAD_MAX).toString('latin1'))
      if (!head) return execute(connection, statement.body.toString(), statement.format, false)
      const text = Buffer.from(statement.body.subarray(0, head.data_at)).toString()
      const whole = insert_head(text) ?? head
      return in_file(statement.body.subarray(head.data_at), path =>
        execute(connection, insert_from_file(whole, path), statement.format, true),
      )
    })
  return {
    run: statement =>
      statement.user === 'analyst' ? readers(() => all(() => run(statement))) : all(() => run(statement)),
    decoded: (bytes, method) =>
      in_file(bytes, path =>
        on_connection(async connection => {
          const from = `file(${quoted(path)}, 'RawBLOB', 'data String', ${quoted(method)})`
          return Buffer.from((await execute(connection, `SELECT data FROM ${from}`, 'RawBLOB', false)).bytes)
        }),
      ),
    compressed: bytes =>
      all(() =>
        in_file(bytes, (path, number) =>
          on_connection(connection =>
            compressed_frames(
              async (text, format) => (await execute(connection, text, format, false)).bytes,
              path,
              number,
            ),
          ),
        ),
      ),
  }
}

/** chDB's module. Throws where it is not installed or does not run, naming the way around it. */
export const load_chdb = async (load: () => Promise<typeof import('chdb')> = () => import('chdb')) => {
  try {
    return await load()
  } catch (error) {
    throw new Error(
      `the embedded warehouse (npm package chdb) does not run on ${process.platform}-${process.arch}: it needs Linux with ` +
        'glibc or macOS. Give the address of a ClickHouse server instead: --clickhouse-url http://host:8123 or ' +
        `CLICKHOUSE_URL. (${error instanceof Error ? error.message.split('\n')[0] : String(error)})`,
    )
  }
}

const escape_xml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** Gives the connection its database, settings, parameters and, last of all, its rights. */
const prepare = async (connection: Session, statement: Statement, config: ChdbSettings) => {
  const steps: string[] = []
  if (statement.database) steps.push(`USE ${identifier(statement.database)}`)
  const reader = statement.user === 'analyst'
  const settings = reader ? reader_settings(statement.settings, config) : statement.settings
  steps.push(set_statement(settings))
  steps.push(set_statement([...statement.params].map(([name, value]) => [`param_${name}`, value] as const)))
  if (reader) steps.push('SET ROLE reader')
  else if (statement.reads_only && !statement.settings.has('readonly')) steps.push('SET readonly = 2')
  for (const step of steps) if (step) await execute(connection, step, 'Null', false)
}

/** A reader's bounds and what it asks for within them. */
const reader_settings = (asked: ReadonlyMap<string, string>, config: ChdbSettings): Map<string, string> => {
  const bounds = new Map([
    ['max_execution_time', config.analyst_seconds_max],
    ['max_memory_usage', config.analyst_bytes_max],
    ['max_result_bytes', config.analyst_bytes_max],
  ])
  const settings = new Map([['final', '1']])
  for (const [name, value] of asked) {
    if (!READER_SETTING.test(name))
      throw new ClickHouseFault(164, 'READONLY', `Cannot modify '${name}' setting in readonly mode.`)
    settings.set(name, value)
  }
  for (const [name, most] of bounds) {
    const wanted = Number(settings.get(name) ?? most)
    settings.set(name, String(wanted > 0 && wanted < most ? wanted : most))
  }
  return settings
}

/** Judges the statement in chDB's own canonical form, and runs that form: what was judged is what runs. */
const read = async (connection: Session, statement: Statement): Promise<Answer> => {
  const text = statement.body.toString()
  const formatted = await execute(
    connection,
    `SELECT formatQuerySingleLine(${quoted(text)})`,
    'TSVRaw',
    false,
  )
  const canonical = Buffer.from(formatted.bytes).toString().trimEnd()
  const why = refusal(canonical)
  if (why) throw new ClickHouseFault(497, 'ACCESS_DENIED', `analyst: Not enough privileges: ${why}.`)
  await execute(connection, 'SET readonly = 1', 'Null', false)
  return execute(connection, canonical, statement.format, false)
}

const execute = async (
  connection: Session,
  text: string,
  format: string,
  written: boolean,
): Promise<Answer> => {
  if (text.includes('\0'))
    throw new ClickHouseFault(62, 'SYNTAX_ERROR', 'Syntax error: the statement holds a zero byte.')
  try {
    const result = await connection.queryAsync(text, { format })
    const bytes = result.bytes()
    return { bytes, rows: result.rowsRead, read_bytes: result.bytesRead, elapsed_s: result.elapsed, written }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    // chDB says the code twice when the error comes from within a read.
    const text = message.replace(/^(Code: \d+\. DB::Exception: )\1/, '$1')
    const found = /^Code: (\d+)\./.exec(text)
    throw Object.assign(
      new ClickHouseFault(Number(found?.[1] ?? 1001), 'STD_EXCEPTION', text),
      found ? { message: text } : {},
    )
  }
}
