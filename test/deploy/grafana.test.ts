/** deploy/grafana: every query of every dashboard runs on a migrated warehouse as an analyst, and gives the columns that its panel names. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Served, serve_warehouse } from '../sql/served-warehouse.ts'

const DEPLOY = join(import.meta.dirname, '../../deploy')
const source = z.object({ type: z.literal('grafana-clickhouse-datasource'), uid: z.literal('tributary') })
const panel = z.object({
  id: z.int(),
  type: z.enum(['timeseries', 'table', 'barchart']),
  title: z.string().min(1),
  description: z.string().min(1),
  datasource: source,
  gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  fieldConfig: z.object({
    overrides: z.array(z.object({ matcher: z.object({ id: z.literal('byName'), options: z.string() }) })),
  }),
  options: z.object({ xField: z.string().optional() }),
  targets: z.array(z.object({ datasource: source, format: z.int(), rawSql: z.string() })).length(1),
})
const dashboard = z.object({
  uid: z.string().startsWith('tributary-'),
  title: z.string().min(1),
  templating: z.object({
    list: z.array(
      z.discriminatedUnion('type', [
        z.object({ type: z.literal('query'), name: z.string(), query: z.string() }),
        z.object({
          type: z.literal('custom'),
          name: z.string(),
          query: z.string(),
          current: z.object({ value: z.string() }),
        }),
      ]),
    ),
  }),
  panels: z.array(panel).min(4),
})

const files = readdirSync(join(DEPLOY, 'grafana/dashboards'))
const dashboards = files.map(file =>
  dashboard.parse(JSON.parse(readFileSync(join(DEPLOY, 'grafana/dashboards', file), 'utf8'))),
)
/** As the plugin writes $__fromTime and $__toTime. */
const FROM = 'toDateTime(1778457600)'
const TO = 'toDateTime(1780272000)'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
}, 60_000)
afterAll(() => served.stop())

interface Answer {
  readonly meta: readonly { readonly name: string; readonly type: string }[]
}
const ask = async (sql: string): Promise<Answer> => {
  const url = `${served.url}/?user=analyst&default_format=JSON`
  const response = await fetch(url, { method: 'POST', body: sql })
  const text = await response.text()
  expect(response.status, `${sql}\n${text}`).toBe(200)
  return JSON.parse(text) as Answer
}

it('has a name of its own for each dashboard, and no two panels in one place', () => {
  expect(files).toHaveLength(5)
  expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(files.length)
  for (const { panels } of dashboards) {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
  }
})

it('is found by its provisioning: data source, user, folder of dashboards', () => {
  const read = (file: string) => readFileSync(join(DEPLOY, file), 'utf8')
  const compose = readFileSync(join(DEPLOY, '../docker-compose.yml'), 'utf8')
  const provisioned = read('grafana/provisioning/datasources/clickhouse.yaml')
  expect(provisioned).toContain('uid: tributary\n    type: grafana-clickhouse-datasource')
  for (const [, name] of provisioned.matchAll(/\$\{(\w+)\}/g)) expect(compose).toContain(`      ${name}: `)
  const path = /path: (\S+)/.exec(read('grafana/provisioning/dashboards/tributary.yaml'))?.[1]
  expect(compose).toContain(`./deploy/grafana/dashboards:${path}:ro`)
  expect(read('clickhouse_users.sql')).toContain('CREATE USER IF NOT EXISTS tributary_analyst')
  expect(compose).toContain('CLICKHOUSE_USER: tributary_analyst')
})

it('makes the user for people, and none of the others, from the file that has them all', () => {
  const compose = readFileSync(join(DEPLOY, '../docker-compose.yml'), 'utf8')
  const filter = /sed .* \/users\.sql \| awk '.*'/.exec(compose)?.[0] ?? 'false'
  const command = filter.replaceAll('$$', '$').replace('/users.sql', join(DEPLOY, 'clickhouse_users.sql'))
  const said = execFileSync('bash', ['-o', 'pipefail', '-c', command], { encoding: 'utf8' })
  const statements = said
    .split(';')
    .flatMap(text => text.trim().split(/\s+(?:SETTINGS\s+final|KEYED|IDENTIFIED)\b/)[0] || [])
  expect(statements).toEqual([
    'CREATE ROLE IF NOT EXISTS tributary_analyst_role',
    'GRANT SELECT, SHOW ON tributary.* TO tributary_analyst_role',
    'CREATE SETTINGS PROFILE IF NOT EXISTS tributary_analyst_profile',
    'CREATE QUOTA IF NOT EXISTS tributary_analyst_quota',
    'CREATE USER IF NOT EXISTS tributary_analyst',
    'GRANT tributary_analyst_role TO tributary_analyst',
  ])
})

describe.each(dashboards.map(each => [each.title, each] as const))('%s', (_title, { templating, panels }) => {
  const values = new Map(
    templating.list.map(each => [each.name, each.type === 'custom' ? each.current.value : 'komorebi']),
  )
  const filled = (sql: string): string =>
    sql
      .replaceAll('$__fromTime', FROM)
      .replaceAll('$__toTime', TO)
      .replace(/\$\{(\w+)\}/g, (whole, name) => values.get(name) ?? whole)

  it.each(templating.list.map(each => [each.name, each] as const))(
    'variable %s has values',
    async (_name, each) => {
      if (each.type === 'query') expect((await ask(each.query)).meta).toHaveLength(1)
      else expect(each.query.split(',')).toContain(each.current.value)
    },
  )

  it.each(panels.map(each => [each.title, each] as const))('%s', async (_panel, each) => {
    const { type, targets, fieldConfig, options } = each
    const sql = filled(targets[0]!.rawSql)
    expect(sql).not.toContain('$')
    const { meta } = await ask(sql)
    const names = meta.map(({ name }) => name)
    for (const { matcher } of fieldConfig.overrides) expect(names).toContain(matcher.options)
    if (type === 'timeseries') {
      expect(targets[0]!.format).toBe(0)
      expect(meta[0]).toMatchObject({ name: 'time', type: expect.stringMatching(/^DateTime/) })
      expect(meta.slice(1).some(column => /Int|Float/.test(column.type))).toBe(true)
    } else expect(targets[0]!.format).toBe(1)
    if (type === 'barchart') expect(names).toContain(options.xField)
  })
})
