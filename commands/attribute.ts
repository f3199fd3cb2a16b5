/** `npm run attribute -- FILE.csv`: what each channel on the given paths earned, by every model that needs no times. */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { credit_by, MODELS, type Model } from '../jobs/attribution/models.ts'
import { collect_paths, type PathSet } from '../jobs/attribution/paths.ts'
import { ConfigError } from '../runtime/config.ts'
import { CommandError, run_command } from './command.ts'
import { read_paths } from './path-file.ts'

const USAGE = `npm run attribute -- FILE.csv [options]

  FILE.csv: a header line with path, total_conversions, total_conversion_value, total_null (separated by , or ;), then a
  line per path; channels of a path are separated by " > ", total_null counts journeys that did not convert.
  Prints CSV: model,channel,conversions,value,removal_effect (the last of markov only).

  --model NAME,NAME    only these, in this order; may be repeated (all: ${MODELS.join(', ')})
  --order K            places a step of markov depends on, 1 to 5 (1)
  --channels A,B       only paths that touch no other channel
  --help
`
const MOST_ORDER = 5

interface Chosen {
  readonly file: string
  readonly models: readonly Model[]
  readonly order: number
  readonly channels: ReadonlySet<string> | null
}

const main = async (): Promise<number> => {
  const chosen = parse_arguments(process.argv.slice(2))
  if (!chosen) {
    process.stdout.write(USAGE)
    return 0
  }
  const { file, channels } = chosen
  if (!existsSync(file)) throw new CommandError(`there is no file ${file}`)
  const paths = await read_paths(file)
  const set = collect_paths(channels ? paths.filter(path => path.places.every(p => channels.has(p))) : paths)
  if (set.paths.length === 0) throw new CommandError(`no path of ${file} keeps to --channels`)
  if (set.conversions === 0) process.stderr.write('no path converts: there is nothing to share out\n')
  process.stdout.write(credit_table(set, chosen))
  return 0
}

const parse_arguments = (argv: readonly string[]): Chosen | null => {
  const { values, positionals } = parse_flags(argv)
  if (values.help) return null
  const [file, more] = positionals
  if (file === undefined) throw new ConfigError(`FILE.csv is needed: ${USAGE.split('\n', 1)[0]}`)
  if (more !== undefined) throw new ConfigError(`unexpected argument ${JSON.stringify(more)}`)
  const names = (values.model ?? []).flatMap(list_of)
  const unknown = names.find(name => !(MODELS as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw new ConfigError(`--model: expected one of ${MODELS.join(', ')}, not ${JSON.stringify(unknown)}`)
  const order = Number(values.order)
  if (!(Number.isInteger(order) && order >= 1 && order <= MOST_ORDER))
    throw new ConfigError(`--order: expected 1 to ${MOST_ORDER}, not ${JSON.stringify(values.order)}`)
  const models = names.length > 0 ? [...new Set(names as Model[])] : MODELS
  const channels = values.channels === undefined ? null : new Set(list_of(values.channels))
  return { file, models, order, channels }
}

const parse_flags = (argv: readonly string[]) => {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        model: { type: 'string', multiple: true },
        order: { type: 'string', default: '1' },
        channels: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new ConfigError(`${(error as Error).message.split(/\. (?:To specify|Did you)/)[0]}; see --help`)
  }
}

const list_of = (text: string): string[] => text.split(',').map(name => name.trim())

/** Rows by model as asked, then by channel. */
const credit_table = (set: PathSet, { models, order }: Chosen): string => {
  const lines = ['model,channel,conversions,value,removal_effect']
  for (const model of models) {
    const { conversions, value, effects } = credit_by(set, model, order)
    for (const [i, channel] of set.places.entries()) {
      const effect = model === 'markov' ? decimal(effects![i]!) : ''
      lines.push([model, quoted(channel), decimal(conversions[i]!), decimal(value[i]!), effect].join(','))
    }
  }
  return `${lines.join('\n')}\n`
}

/** Twelve digits: what is behind them is rounding. */
const decimal = (number: number): string => String(Number(number.toPrecision(12)))

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

await run_command(main)
