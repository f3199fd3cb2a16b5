/** `npm run ltv -- FILE.csv --end DATE --horizon-weeks W`: what each customer is expected to buy, and whether they are still there. */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Chosen, fit_all } from '../jobs/lifetime/choose.ts'
import type { Fit } from '../jobs/lifetime/fit.ts'
import { type Prediction, predict } from '../jobs/lifetime/value.ts'
import { ConfigError } from '../runtime/config.ts'
import { CommandError, run_command } from './command.ts'
import { day_of, type Purchases, read_purchases } from './purchase-file.ts'

const USAGE = `npm run ltv -- FILE.csv --end DATE --horizon-weeks W

  FILE.csv: a header line with customer_id, date, amount, then a line per purchase. Those of one customer on one day
  count as one. Prints CSV: customer_id,model,p_alive,expected_purchases,expected_value, and above it, behind #, the
  parameters (standard errors) and log-likelihoods of all models, and which of them is used and why.

  --end DATE           the last day of which all purchases are in the file (YYYY-MM-DD); later rows are not looked at
  --horizon-weeks W    how many weeks from then are foretold, more than 0
  --help
`
const MOST_WEEKS = 5000

const main = async (): Promise<number> => {
  const chosen = parse_arguments(process.argv.slice(2))
  if (!chosen) {
    process.stdout.write(USAGE)
    return 0
  }
  const { file, end, end_day, weeks } = chosen
  if (!existsSync(file)) throw new CommandError(`there is no file ${file}`)
  const read = await read_purchases(file, end_day)
  const fitted = fit_all(read.customers)
  process.stdout.write(heading(read, fitted, end, weeks))
  if (!fitted.model) throw new CommandError('nothing is foretold: every model of purchases was refused')
  process.stdout.write(table(fitted.model.name, predict(fitted, read.customers, weeks)))
  return 0
}

const parse_arguments = (argv: readonly string[]) => {
  const { values, positionals } = parse_flags(argv)
  if (values.help) return null
  const [file, more] = positionals
  if (file === undefined) throw new ConfigError(`FILE.csv is needed: ${USAGE.split('\n', 1)[0]}`)
  if (more !== undefined) throw new ConfigError(`unexpected argument ${JSON.stringify(more)}`)
  if (values.end === undefined)
    throw new ConfigError('--end DATE is needed: the last day that the file knows')
  const end_day = day_of(values.end)
  if (end_day === null) throw new ConfigError(`--end: expected YYYY-MM-DD, not ${JSON.stringify(values.end)}`)
  const said = values['horizon-weeks']
  if (said === undefined) throw new ConfigError('--horizon-weeks W is needed')
  const weeks = Number(said)
  if (!(weeks > 0 && weeks <= MOST_WEEKS))
    throw new ConfigError(
      `--horizon-weeks: expected more than 0, up to ${MOST_WEEKS}, not ${JSON.stringify(said)}`,
    )
  return { file, end: values.end.slice(0, 10), end_day, weeks }
}

const parse_flags = (argv: readonly string[]) => {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        end: { type: 'string' },
        'horizon-weeks': { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new ConfigError(`${(error as Error).message.split(/\. (?:To specify|Did you)/)[0]}; see --help`)
  }
}

const heading = (
  { customers, purchases, later }: Purchases,
  fitted: Chosen,
  end: string,
  weeks: number,
): string => {
  const left_out = later > 0 ? `, ${later} later ones not looked at` : ''
  const repeaters = customers.filter(({ repeat_days }) => repeat_days.length > 0).length
  return [
    `${purchases} purchases by ${customers.length} customers up to ${end}${left_out}; ${repeaters} bought on another day again`,
    `the next ${weeks} weeks; times are in weeks, values in the file's unit, not discounted`,
    ...fitted.fits.map(line_of),
    `model ${fitted.model?.name ?? 'none'}: ${fitted.why}`,
  ]
    .map(line => `# ${line}\n`)
    .join('')
}

const line_of = ({ model, customers, parameters, log_likelihood, refused }: Fit): string => {
  const estimates = parameters.map(
    ({ name, value, standard_error }) =>
      `${name} ${digits(value)} (${standard_error === null ? '-' : digits(standard_error)})`,
  )
  const found =
    log_likelihood === null
      ? []
      : [...estimates, `log-likelihood ${log_likelihood.toFixed(6)}`, `${customers} customers`]
  return `${model}: ${refused === null ? '' : `refused, ${refused}${found.length > 0 ? '; ' : ''}`}${found.join(', ')}`
}

const digits = (value: number): string => String(Number(value.toPrecision(8)))

const table = (model: string, predictions: readonly Prediction[]): string =>
  `customer_id,model,p_alive,expected_purchases,expected_value\n${predictions
    .map(
      ({ customer_id, p_alive, expected_purchases, expected_value }) =>
        `${quoted(customer_id)},${model},${[p_alive, expected_purchases, expected_value].map(digits).join(',')}\n`,
    )
    .join('')}`

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

await run_command(main)
