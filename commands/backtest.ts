/**
 * `npm run backtest -- --tenant T --rule FILE.json|NAME`: when an alert rule would have fired, for how long, how often a week, and
 * how often it was right where that is known.
 */
import { existsSync, readFileSync } from 'node:fs'
import { parse } from 'csv-parse'
import { z } from 'zod'
import type { AlertRule } from '../operators/alert/alert-rules.ts'
import { read_rules, rule_of } from '../operators/alert/read-rules.ts'
import { ConfigError, help_text, type Option, parse_config } from '../runtime/config.ts'
import type { Warehouse } from '../runtime/ports.ts'
import type { AlertRuleEntry, Catalog } from '../schemas/catalog-kinds.ts'
import { days } from '../schemas/units.ts'
import { BacktestTooLarge, backtest, STRETCH_MOST_MS } from '../server/alerts/backtest.ts'
import type { Backtest, Label } from '../server/alerts/backtest-summary.ts'
import { built_in_rule, is_built_in } from '../server/alerts/built-in-rules.ts'
import { blame_of, read_lone_rule } from '../server/alerts/lone-rule.ts'
import { instant_text } from '../server/board/asking.ts'
import { CommandError, one_line, run_command } from './command.ts'
import { feed, read_error } from './csv-file.ts'
import { asking_rows, warehouse_address } from './warehouse-address.ts'

const time = (flag: string) =>
  z.iso.datetime({ offset: true, message: `--${flag}: a time such as 2026-06-01T00:00:00Z` })
const own = [
  { name: 'tenant', flag: 'tenant', value: 'T', type: z.string().min(1), meaning: 'whose metrics' },
  {
    name: 'rule',
    flag: 'rule',
    value: 'FILE.json|NAME',
    type: z.string().min(1),
    meaning: 'a rule as PUT /v1/alerts/rules takes it, or the name of one that holds',
  },
  { name: 'from', flag: 'from', value: 'TIME', type: time('from'), meaning: '28 days before --to without' },
  { name: 'to', flag: 'to', value: 'TIME', type: time('to'), meaning: 'now without' },
  {
    name: 'labels',
    flag: 'labels',
    value: 'FILE.csv',
    type: z.string().min(1),
    meaning: 'columns from,to: when somebody should have been told; else what people acknowledged',
  },
] as const satisfies readonly Option[]

const USAGE = `npm run backtest -- --tenant T --rule FILE.json|NAME [options]
  prints a line per firing as CSV (from,to,minutes,severity,value,expected,dimension,right), and above it, behind #,
  how often, how long, precision and recall. Asks the process that runs on --data-dir as user analyst; with
  CLICKHOUSE_URL (and CLICKHOUSE_PASSWORD, CLICKHOUSE_DATABASE) that server.`
/** Held in memory all at once. */
const ROWS_MOST = 2_000_000
const OTHERS = ['KAFKA_BROKERS', 'REDIS_URL', 'SCHEMA_REGISTRY_URL', 'CLICKHOUSE_URL']
const WHOLES: ReadonlySet<string> = new Set([
  ...['occurred_at', 'window_ms', 'revision', 'samples', 'baseline_points', 'from_ms', 'to_ms'],
])

const main = async (): Promise<number> => {
  const { env } = process
  const alone = Object.fromEntries(Object.entries(env).filter(([name]) => !OTHERS.includes(name)))
  const { config, own: chosen, help } = parse_config(process.argv.slice(2), alone, own)
  if (help) {
    process.stdout.write(help_text(USAGE, own))
    return 0
  }
  const { tenant, rule: named } = chosen
  if (tenant === undefined) throw new ConfigError('--tenant T is needed: whose metrics')
  if (named === undefined) throw new ConfigError('--rule is needed: a file, or the name of a rule')
  const stretch = stretch_of(chosen)
  const query = asking_rows(warehouse_address(config.data_dir, env), WHOLES)
  const labels = chosen.labels === undefined ? null : await read_labels(chosen.labels)
  const from_file = named.endsWith('.json') || existsSync(named)
  const rule = from_file ? rule_of_file(named) : await rule_named(query, tenant, named)
  try {
    process.stdout.write(
      told(rule, await backtest(query, { tenant, rule, labels, rows_most: ROWS_MOST, ...stretch })),
    )
  } catch (error) {
    if (error instanceof BacktestTooLarge) throw new CommandError(error.message)
    throw error
  }
  return 0
}

const stretch_of = ({
  from,
  to,
}: {
  readonly from?: string | undefined
  readonly to?: string | undefined
}) => {
  const to_ms = to === undefined ? Date.now() : Date.parse(to)
  const from_ms = from === undefined ? to_ms - days(28) : Date.parse(from)
  if (from_ms >= to_ms) throw new ConfigError('--from is not before --to')
  if (to_ms - from_ms > STRETCH_MOST_MS) throw new ConfigError('--from is more than 100 days before --to')
  return { from_ms, to_ms }
}

const rule_of_file = (file: string): AlertRule => {
  let body: unknown
  try {
    body = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new CommandError(`${file} cannot be read: ${one_line(error)}`)
  }
  const { problem } = read_lone_rule(body)
  if (problem !== null) throw new CommandError(`${file}: ${blame_of(problem).reason}`)
  return rule_of(body as AlertRuleEntry)
}

/** As it holds for the tenant now. */
const rule_named = async (query: Warehouse['query'], tenant: string, name: string): Promise<AlertRule> => {
  if (is_built_in(name)) {
    const rule = built_in_rule(name, await catalog_body(query, 'alert_rules', name, tenant))
    if (rule) return rule
    throw new CommandError(`${name} listens to no metric, or is switched off: there is nothing to test`)
  }
  const list = await catalog_body(query, 'alert_rule_lists', tenant, tenant)
  const found = read_rules(list).rules.find(rule => rule.name === name)
  if (found) return rule_of(found)
  throw new CommandError(`there is no rule ${name} of tenant ${tenant}, and no file of that name`)
}

const BODIES = `SELECT body FROM catalog FINAL
  WHERE kind = {kind:String} AND id = {id:String} AND tenant_id IN ({tenant:String}, '*')
    AND effective_at <= {as_of:DateTime64(3, 'UTC')}
  ORDER BY tenant_id != '*' DESC, effective_at DESC, revision DESC
  LIMIT 1 BY tenant_id`

const catalog_body = async <K extends 'alert_rules' | 'alert_rule_lists'>(
  query: Warehouse['query'],
  kind: K,
  id: string,
  tenant: string,
): Promise<Catalog[K] | null> => {
  const as_of = instant_text(Date.now())
  const rows = await query<{ body: string }>(BODIES, { kind, id, tenant, as_of })
  const bodies = rows.map(row => JSON.parse(row.body) as Catalog[K] | null)
  return bodies.find(body => body !== null) ?? null
}

const read_labels = async (file: string): Promise<Label[]> => {
  const labels: Label[] = []
  const parser = parse({
    ...{ columns: true, bom: true, trim: true, skip_empty_lines: true },
    on_record: (record: Record<string, string>, { lines }) => ({ record, lines }),
  })
  try {
    const rows = feed(file, parser) as AsyncIterable<{ record: Record<string, string>; lines: number }>
    for await (const { record, lines } of rows) {
      const bad = (reason: string) => new CommandError(`${file}:${lines}: ${reason}`)
      if (record.from === undefined || record.to === undefined) throw bad('columns from and to are needed')
      const [from_ms, to_ms] = [Date.parse(record.from), Date.parse(record.to)]
      if (Number.isNaN(from_ms)) throw bad(`from ${JSON.stringify(record.from)} is no time`)
      if (Number.isNaN(to_ms)) throw bad(`to ${JSON.stringify(record.to)} is no time`)
      if (to_ms < from_ms) throw bad('to is before from')
      labels.push({ from_ms, to_ms })
    }
  } catch (error) {
    throw read_error(file, error)
  }
  return labels
}

const told = (rule: AlertRule, found: Backtest): string => {
  const { verdict, fired, firings } = found
  const hours = (ms: number) => `${(ms / 3_600_000).toFixed(1)} h`
  const share = (ratio: number | null) => (ratio === null ? '-' : `${(100 * ratio).toFixed(1)} %`)
  const heading = [
    `rule ${rule.name}: ${rule.metric}${rule.dimension && ` ${rule.dimension}`} ${rule.when} ${rule.threshold}`,
    `${found.points} points and ${found.anomalies} anomalies from ${found.from} to ${found.to}`,
    `fired ${fired} times, ${found.per_week} a week, ${hours(found.firing_ms)} in all, ${hours(found.longest_ms)} the longest`,
    verdict
      ? `precision ${share(verdict.precision_ratio)} (${verdict.right} of ${fired}), recall ` +
        `${share(verdict.recall_ratio)} (${verdict.found} of ${verdict.labels} ${verdict.source})`
      : 'precision is not known: no --labels are given, and nobody acknowledged an alert of the metric',
    ...(firings.length < fired ? [`the newest ${firings.length} are printed`] : []),
  ]
  const rows = firings.map(({ from, to, lasted_ms, severity, value, expected, dimension, right }) =>
    [
      from,
      to ?? '',
      lasted_ms / 60_000,
      severity,
      value ?? '',
      expected ?? '',
      quoted(dimension),
      right ?? '',
    ].join(','),
  )
  const lines = [
    ...heading.map(line => `# ${line}`),
    'from,to,minutes,severity,value,expected,dimension,right',
    ...rows,
  ]
  return `${lines.join('\n')}\n`
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

await run_command(main)
