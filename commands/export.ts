/**
 * `npm run export -- "SELECT …"`: the rows of a query as a file, from the ClickHouse of the process that runs on the data
 * directory, or from that of CLICKHOUSE_URL. A file is there whole or not at all.
 */
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { ConfigError, help_text, type Option, parse_config } from '../runtime/config.ts'
import { CommandError, one_line, run_command } from './command.ts'
import { FORMATS, type Format, format_of, with_format } from './export-statement.ts'
import { type WarehouseAddress, warehouse_address } from './warehouse-address.ts'

const own = [
  {
    name: 'format',
    flag: 'format',
    value: 'NAME',
    type: z.enum(Object.keys(FORMATS) as Format[], { message: 'csv, parquet or ndjson' }),
    meaning: 'csv (with names), parquet or ndjson; by the ending of --out, else csv',
  },
  {
    name: 'out',
    flag: 'out',
    value: 'FILE',
    type: z.string().min(1, 'a file'),
    meaning: 'where to; standard output without. A file of that name is replaced once the new one is whole',
  },
] as const satisfies readonly Option[]

const USAGE = `npm run export -- "SELECT …" [options]
  asks as user analyst the process that runs on --data-dir; with CLICKHOUSE_URL (and CLICKHOUSE_PASSWORD,
  CLICKHOUSE_DATABASE) that server. The views and their columns: docs/ANALYSTS.md`
/** A server is named here by its ClickHouse alone. */
const OTHERS = ['KAFKA_BROKERS', 'REDIS_URL', 'SCHEMA_REGISTRY_URL', 'CLICKHOUSE_URL']
const CUT = 'EPIPE'

const main = async (): Promise<number> => {
  const { env } = process
  const alone = Object.fromEntries(Object.entries(env).filter(([name]) => !OTHERS.includes(name)))
  const { config, own: chosen, help, positionals } = parse_config(process.argv.slice(2), alone, own, 1)
  if (help) {
    process.stdout.write(help_text(USAGE, own))
    return 0
  }
  const [sql] = positionals
  if (sql === undefined) throw new ConfigError(`what is to be exported? ${USAGE.split('\n')[0]}`)
  const format = chosen.format ?? format_of(chosen.out)
  if (format === 'parquet' && chosen.out === undefined && process.stdout.isTTY)
    throw new ConfigError('parquet is no text: name a file with --out')
  const statement = checked(sql, format)
  const target = warehouse_address(config.data_dir, env)
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
  const rows = await ask(target, statement, stop.signal)
  if (chosen.out === undefined) await to_stdout(rows)
  else await to_file(rows, chosen.out, stop.signal)
  return 0
}

const checked = (sql: string, format: Format): string => {
  try {
    return with_format(sql, format)
  } catch (error) {
    throw new CommandError(one_line(error))
  }
}

const ask = async (
  { url, user, password }: WarehouseAddress,
  body: string,
  signal: AbortSignal,
): Promise<Readable> => {
  // The answer begins when the query is done: it is rows, or an error, and never both.
  url.searchParams.set('wait_end_of_query', '1')
  // Whatever a statement looks like to us, the server changes nothing for it.
  url.searchParams.set('readonly', '2')
  const headers = { 'x-clickhouse-user': user, ...(password && { 'x-clickhouse-key': password }) }
  const post = (): Promise<Response> =>
    fetch(url, { method: 'POST', headers, body, signal }).catch(error => {
      throw new CommandError(
        signal.aborted ? 'stopped' : `${url.origin} does not answer: ${one_line(error.cause ?? error)}`,
      )
    })
  let response = await post()
  let refused = response.ok ? '' : await response.text()
  // A user who may only read may not even say so.
  if (/Cannot modify 'readonly' setting/.test(refused)) {
    url.searchParams.delete('readonly')
    response = await post()
    refused = response.ok ? '' : await response.text()
  }
  if (!response.ok) throw new CommandError(one_line(new Error(refused)))
  return response.body ? Readable.fromWeb(response.body) : Readable.from([])
}

const to_stdout = async (rows: Readable): Promise<void> => {
  try {
    await pipeline(rows, process.stdout, { end: false })
  } catch (error) {
    // Who reads has seen enough.
    if ((error as NodeJS.ErrnoException).code !== CUT) throw error
  }
}

const to_file = async (rows: Readable, file: string, signal: AbortSignal): Promise<void> => {
  const draft = `${file}.${process.pid}.tmp`
  try {
    await pipeline(rows, createWriteStream(draft), { signal })
    await rename(draft, file)
  } catch (error) {
    await rm(draft, { force: true })
    throw new CommandError(signal.aborted ? 'stopped: nothing was written' : `${file}: ${one_line(error)}`)
  }
}

await run_command(main)
