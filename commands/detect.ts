/** `npm run detect -- FILE.csv`: how unusual each value of any series is, each judged as it is read and never again. */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parse } from 'csv-parse'
import { judge_value, new_detector, WARM } from '../operators/anomaly/judge-series.ts'
import { ConfigError } from '../runtime/config.ts'
import type { AnomalyDetector } from '../schemas/types.ts'
import { hours } from '../schemas/units.ts'
import { CommandError, run_command } from './command.ts'
import { feed, read_error } from './csv-file.ts'
import { check_size, header_of, type Places, row_of, type SeriesRow } from './series-file.ts'

const USAGE = `npm run detect -- FILE.csv [--season N]

  FILE.csv: a header line with timestamp, value (and series, where there are several), then a line per
  value, judged in the order of the file; values may be missing. A timestamp is an ISO date or a number: of
  hours, or since 1970 of seconds (from 1e8) or milliseconds (from 1e11). Prints CSV as it reads:
  series,timestamp,value,score,anomaly; score is between 0 and 1, anomaly is 1 where one is told. Nothing is
  told of the first ${WARM} values of a series; what lasts is told when it comes and when it grows worse.

  --season N   after how many values a series repeats (default: a day; a week where values are days)
  --help
`
const MOST_SEASON = 1_000_000
interface Chosen {
  readonly file: string
  readonly season: number
}
interface Row extends Omit<SeriesRow, 'at'> {
  readonly at_ms: number
}
const main = async (): Promise<number> => {
  const chosen = parse_arguments(process.argv.slice(2))
  if (!chosen) {
    process.stdout.write(USAGE)
    return 0
  }
  if (!existsSync(chosen.file)) throw new CommandError(`there is no file ${chosen.file}`)
  await judge_file(chosen)
  return 0
}

const judge_file = async ({ file, season }: Chosen): Promise<void> => {
  const parser = feed(
    file,
    parse({
      bom: true,
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: (record: string[], { lines }) => [String(lines), ...record],
    }),
  )
  const seen = new Map<string, AnomalyDetector>()
  let places: Places | null = null
  try {
    for await (const [line, ...record] of parser as AsyncIterable<string[]>) {
      const where = `${file}:${line}`
      if (places) await print(judge_row(judged_row(record, places, where), seen, season))
      else {
        places = header_of(record, where)
        await print('series,timestamp,value,score,anomaly\n')
      }
    }
  } catch (error) {
    throw read_error(file, error)
  }
  if (!places)
    throw new CommandError(`${file}:1: the file is empty; its first line must name timestamp, value`)
  if (seen.size === 0) throw new CommandError(`${file}: there is no row below the header`)
}

/** Waits where who reads is slower. */
const print = (text: string): Promise<void> | undefined =>
  process.stdout.write(text) ? undefined : new Promise(done => process.stdout.once('drain', done))

const judge_row = (row: Row, seen: Map<string, AnomalyDetector>, season: number): string => {
  const { state, verdict } = judge_value(seen.get(row.series) ?? new_detector(season), row.at_ms, row.value)
  seen.set(row.series, state)
  const score = Number(verdict.score.toFixed(6))
  return `${[row.series, row.timestamp].map(quoted).join()},${row.said},${score},${verdict.anomaly ? 1 : 0}\n`
}

const judged_row = (record: readonly string[], places: Places, where: string): Row => {
  const { at, ...row } = row_of(record, places, where)
  const at_ms = Math.round(at.kind === 'date' ? at.x : milliseconds_of(at.x))
  check_size(at_ms, 'timestamp', where)
  return { ...row, at_ms }
}

const milliseconds_of = (x: number): number => {
  if (Math.abs(x) >= 1e11) return x
  return x * (Math.abs(x) >= 1e8 ? 1000 : hours(1))
}

const parse_arguments = (argv: readonly string[]): Chosen | null => {
  const { values, positionals } = parse_flags(argv)
  if (values.help) return null
  const [file, more] = positionals
  if (file === undefined) throw new ConfigError(`FILE.csv is needed: ${USAGE.split('\n', 1)[0]}`)
  if (more !== undefined) throw new ConfigError(`unexpected argument ${JSON.stringify(more)}`)
  if (values.season === undefined) return { file, season: 0 }
  const season = Number(values.season)
  if (!(/^\d+$/.test(values.season) && season >= 2 && season <= MOST_SEASON))
    throw new ConfigError(
      `--season: expected a whole number of values from 2 to ${MOST_SEASON}, not ${JSON.stringify(values.season)}`,
    )
  return { file, season }
}

const parse_flags = (argv: readonly string[]) => {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { season: { type: 'string' }, help: { type: 'boolean', default: false } },
    })
  } catch (error) {
    throw new ConfigError(`${(error as Error).message.split(/\. (?:To specify|Did you)/)[0]}; see --help`)
  }
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

await run_command(main)
