/**
 * `npm run forecast -- FILE.csv --horizon H --season S[,S2]`: what comes next of each series in a file, with
 * intervals that cover.
 */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import {
  forecast_series,
  LEAST_VALUES,
  METHODS,
  type MethodName,
  type SeriesForecast,
  type SeriesInput,
} from '../jobs/forecast/forecast.ts'
import { ConfigError } from '../runtime/config.ts'
import { CommandError, run_command } from './command.ts'
import { create_progress_line } from './progress-line.ts'
import { read_series } from './series-file.ts'

const USAGE = `npm run forecast -- FILE.csv --horizon H [--season S[,S2]] [--method NAME]

  FILE.csv: a header line with timestamp, value (and series, where there are several), then a line per
  period; a timestamp is an ISO date or a number, rows may come in any order, none may be missing or there
  twice. Prints CSV: series,step,method,forecast,lo80,hi80,lo95,hi95. Intervals are calibrated by asking
  again at earlier moments of all series of the file, so several series make them better.

  --horizon H      how many periods to foretell
  --season S,S2    after how many periods it repeats: 12 for months, 7 for days, 24,168 for hours
                   (default: no season)
  --method NAME    ${METHODS.slice(0, 6).join(', ')},
                   ${METHODS.slice(6).join(', ')} (default), or all
  --help
`
const MOST_STEPS = 10_000
const MOST_SEASONS = 3

interface Chosen {
  readonly file: string
  readonly horizon: number
  readonly seasons: readonly number[]
  readonly method: MethodName | 'all'
}

const main = async (): Promise<number> => {
  const chosen = parse_arguments(process.argv.slice(2))
  if (!chosen) {
    process.stdout.write(USAGE)
    return 0
  }
  const { file, horizon, seasons, method } = chosen
  if (!existsSync(file)) throw new CommandError(`there is no file ${file}`)
  const set = (await read_series(file)).map(series => ({ ...series, seasons }))
  const results = run(set, horizon, method)
  const rows = results.map(rows_of)
  if (rows.every(text => text === ''))
    throw new CommandError('nothing is foretold: every series is too short')
  process.stdout.write(`series,step,method,forecast,lo80,hi80,lo95,hi95\n${rows.join('')}`)
  return 0
}

/** Says on stderr what a series is too short for, and falls back to `best` where that leaves nothing. */
const run = (
  set: readonly SeriesInput[],
  horizon: number,
  method: MethodName | 'all',
): readonly SeriesForecast[] => {
  const progress = create_progress_line(process.stderr)
  const ask = (some: readonly SeriesInput[], methods: 'all' | readonly MethodName[]) =>
    forecast_series(some, {
      horizon,
      methods,
      on_series: done => progress.show('forecasting', done, some.length, 'series'),
    })
  const results = ask(set, method === 'all' ? 'all' : [method])
  const without = set.filter(
    (series, i) => results[i]!.forecasts.length === 0 && series.values.length >= LEAST_VALUES,
  )
  const instead = new Map(
    without.length > 0 && method !== 'best' ? ask(without, ['best']).map(one => [one.name, one]) : [],
  )
  progress.end()
  for (const [i, series] of set.entries()) {
    for (const text of shortfalls(series, results[i]!, instead.has(series.name)))
      process.stderr.write(`${series.name === '' ? '' : `series ${series.name}: `}${text}\n`)
  }
  return results.map(result => instead.get(result.name) ?? result)
}

const shortfalls = (
  { values, seasons }: SeriesInput,
  { left_out }: SeriesForecast,
  replaced: boolean,
): string[] => {
  const n = values.length
  if (n < LEAST_VALUES) return [`${n} values: nothing is foretold from fewer than ${LEAST_VALUES}`]
  const unseen = seasons.filter(season => season > 1 && n < 2 * season)
  return [
    ...unseen.map(season => `${n} values are less than two seasons of ${season}: that season is not fitted`),
    ...left_out.map(
      ({ method, needs }) => `${method} needs ${needs}, there are ${n}${replaced ? ': best is printed' : ''}`,
    ),
  ]
}

const parse_arguments = (argv: readonly string[]): Chosen | null => {
  const { values, positionals } = parse_flags(argv)
  if (values.help) return null
  const [file, more] = positionals
  if (file === undefined) throw new ConfigError(`FILE.csv is needed: ${USAGE.split('\n', 1)[0]}`)
  if (more !== undefined) throw new ConfigError(`unexpected argument ${JSON.stringify(more)}`)
  if (values.horizon === undefined)
    throw new ConfigError('--horizon H is needed: how many periods to foretell')
  const horizon = Number(values.horizon)
  if (!(/^\d+$/.test(values.horizon) && horizon >= 1 && horizon <= MOST_STEPS))
    throw new ConfigError(
      `--horizon: expected a whole number from 1 to ${MOST_STEPS}, not ${JSON.stringify(values.horizon)}`,
    )
  const method = METHODS.find(name => name === values.method) ?? (values.method === 'all' ? 'all' : null)
  if (!method)
    throw new ConfigError(
      `--method: expected all or one of ${METHODS.join(', ')}, not ${JSON.stringify(values.method)}`,
    )
  return { file, horizon, seasons: seasons_of(values.season), method }
}

const seasons_of = (text: string | undefined): readonly number[] => {
  if (text === undefined) return []
  const parts = text.split(',').map(part => part.trim())
  const seasons = [...new Set(parts.map(Number))].sort((a, b) => a - b)
  if (!parts.every(part => /^[1-9]\d*$/.test(part)) || seasons.length > MOST_SEASONS)
    throw new ConfigError(
      `--season: expected up to ${MOST_SEASONS} whole numbers of periods like 24,168, ` +
        `not ${JSON.stringify(text)}`,
    )
  return seasons
}

const parse_flags = (argv: readonly string[]) => {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        horizon: { type: 'string' },
        season: { type: 'string' },
        method: { type: 'string', default: 'best' },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new ConfigError(`${(error as Error).message.split(/\. (?:To specify|Did you)/)[0]}; see --help`)
  }
}

const rows_of = ({ name, forecasts }: SeriesForecast): string =>
  forecasts
    .flatMap(({ method, value, lo80, hi80, lo95, hi95 }) =>
      value.map((x, h) => {
        const numbers = [x, lo80[h]!, hi80[h]!, lo95[h]!, hi95[h]!].map(digits)
        return `${quoted(name)},${h + 1},${method},${numbers.join(',')}\n`
      }),
    )
    .join('')

const digits = (value: number): string => String(Number(value.toPrecision(10)))
const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

await run_command(main)
