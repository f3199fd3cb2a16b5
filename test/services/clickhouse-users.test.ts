/**
 * deploy/clickhouse_users.sql against what is really sent: an installation runs with its users, a proxy records every
 * statement, and the ClickHouse engine itself judges each of them under the role that the file gives its user. The engine
 * at hand has roles and grants, but no users that can be created: passwords, profile and quota are read, not tried.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Session } from 'chdb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clickhouse_warehouse } from '../../runtime/clickhouse/warehouse.ts'
import { load_chdb } from '../../runtime/embedded/warehouse-session.ts'
import { write_history } from './history.ts'
import { caught_up, Installation } from './installation.ts'
import { type Recorded, start_proxy, type WarehouseProxy } from './warehouse-proxy.ts'

const FILE = readFileSync(new URL('../../deploy/clickhouse_users.sql', import.meta.url), 'utf8')
const STATEMENTS = FILE.replace(/^\s*--.*$/gm, '')
  .split(/;\s*$/m)
  .map(text => text.trim())
  .filter(text => text !== '')
const SINK = 'tributary_sink'
const MIGRATOR = 'tributary_migrator'
const ANALYST = 'tributary_analyst'
const USERS = [SINK, MIGRATOR, ANALYST]
const ROLES = USERS.map(user => `${user}_role`)

const directory = mkdtempSync(join(tmpdir(), 'tributary-users-'))
let chdb: Session
let recorded: readonly Recorded[]

const sql = async (text: string): Promise<string> =>
  Buffer.from((await chdb.queryAsync(text, { format: 'TSVRaw' })).bytes()).toString()

/** Roles of the file as the engine's own configuration has them. */
const role_xml = (role: string): string => {
  const grants = STATEMENTS.flatMap(text => {
    const found = /^(GRANT .+ ON .+) TO (\w+)$/s.exec(text)
    return found?.[2] === role ? [`<query>${found[1]}</query>`] : []
  })
  expect(grants, role).not.toEqual([])
  return `<${role}><grants>${grants.join('')}</grants></${role}>`
}
const open_chdb = async (): Promise<Session> => {
  const { Session: Connection } = await load_chdb()
  const users = `<clickhouse><profiles><default/></profiles><quotas><default/></quotas>
    <roles><owner><grants><query>GRANT ALL ON *.*</query></grants></owner>${ROLES.map(role_xml).join('')}</roles>
    <users><default><password></password><networks><ip>::/0</ip></networks><profile>default</profile>
    <quota>default</quota><grants>${['owner', ...ROLES].map(role => `<query>GRANT ${role}</query>`).join('')}
    </grants></default></users></clickhouse>`
  writeFileSync(join(directory, 'users.xml'), users)
  const config = join(directory, 'config.xml')
  writeFileSync(
    config,
    `<clickhouse><users_config>${join(directory, 'users.xml')}</users_config></clickhouse>`,
  )
  return new Connection(join(directory, 'chdb'), { connectionArgs: [`--config-file=${config}`] })
}

/** An installation's life: first start, events, questions, a second start, reconcile, and a row that is looked at. */
const record = async (proxy: WarehouseProxy): Promise<void> => {
  const installation = await Installation.cluster(async () => ({
    CLICKHOUSE_URL: `http://${SINK}:sink-word@127.0.0.1:${proxy.port}`,
    CLICKHOUSE_DATABASE: 'tributary',
    CLICKHOUSE_MIGRATOR_USER: MIGRATOR,
    CLICKHOUSE_MIGRATOR_PASSWORD: 'migrator-word',
  }))
  try {
    proxy.forward_to(installation.clickhouse)
    await installation.query('create database tributary').catch(() => [])
    await fetch(installation.clickhouse, { method: 'POST', body: 'CREATE DATABASE IF NOT EXISTS tributary' })
    await installation.start()
    const files = { touchpoints: join(directory, 't.ndjson'), payments: join(directory, 'p.ndjson') }
    write_history(files, { touchpoints: 50, payments: 200 }, 5)
    for (const topic of ['touchpoints', 'payments'] as const) {
      const { code, output } = await installation.run('import', topic, files[topic], '--accept-late')
      expect(code, output).toBe(0)
    }
    await caught_up(installation)
    for (const path of ['/v1/tenants', '/v1/board?tenant=faults', '/readyz']) {
      const reply = await fetch(`${installation.http}${path}`)
      expect(reply.status, `${path} ${await reply.text()}`).toBe(200)
    }
    await installation.stop()
    await installation.start()
    const { code, output } = await installation.run('reconcile')
    expect(code, output).toBe(0)
    await check_a_row(proxy)
  } finally {
    await installation.close()
  }
}
/** What the sink asks when a row is refused. */
const check_a_row = async (proxy: WarehouseProxy): Promise<void> => {
  const warehouse = clickhouse_warehouse({ url: proxy.url, username: SINK, database: 'tributary' })
  await warehouse.check_avro('ledger', ['event_id'], Buffer.alloc(0)).catch(() => undefined)
  await warehouse.close()
}

beforeAll(async () => {
  chdb = await open_chdb()
  const proxy = await start_proxy('http://127.0.0.1:9', true)
  try {
    await record(proxy)
    recorded = [...proxy.statements]
  } finally {
    await proxy.close()
  }
})
afterAll(() => {
  chdb?.close()
  rmSync(directory, { recursive: true, force: true })
})

const DDL =
  /^(?:\s|--.*\n)*(?:CREATE|ALTER|DROP|TRUNCATE|RENAME|OPTIMIZE|GRANT|SYSTEM|DELETE|UPDATE|ATTACH|DETACH)\b/i
const kinds = (statements: readonly Recorded[]): string[] => [
  ...new Set(
    // A migration's statement comes with the comment above it.
    statements.map(
      ({ text }) => /^(?:\s|--.*\n)*(\w+(?:\s+INTO\s+FUNCTION)?)/i.exec(text)?.[1]?.toUpperCase() ?? '',
    ),
  ),
]
const of = (user: string): Recorded[] => {
  const distinct = new Map(
    recorded.filter(each => each.user === user).map(each => [each.text.replace(/\d+/g, '0'), each]),
  )
  return [...distinct.values()]
}

/** An insert of a file as one of no rows: without any, its rights are not looked at. */
const with_rows = (text: string): string =>
  text.replace(
    /^(INSERT INTO (FUNCTION )?(\S+?)(?:\(.*\))? \(([^()]+)\)) FORMAT Avro\s*$/s,
    (_, head, table_function, table, columns) =>
      `${head} SELECT ${columns} FROM ${table_function ? 'ledger' : table} LIMIT 0`,
  )

/** Why the engine refuses a statement under a role; null when it may run. */
const denied = async (
  role: string,
  { text, params }: Pick<Recorded, 'text' | 'params'>,
): Promise<string | null> => {
  await sql('SET ROLE owner')
  await sql('USE tributary')
  for (const [name, value] of params) await sql(`SET param_${name} = '${value.replaceAll("'", "\\'")}'`)
  await sql(`SET ROLE ${role}`)
  try {
    await sql(with_rows(text))
    return null
  } catch (error) {
    const { message } = error as Error
    if (/^Code: 497\b/.test(message)) return message
    throw error
  } finally {
    await sql('SET ROLE owner')
  }
}
const none = new Map<string, string>()

describe('an installation', () => {
  test('sends everything as one of the two users, changes of tables as the migrator only', () => {
    expect([...new Set(recorded.map(({ user }) => user))].sort()).toEqual([MIGRATOR, SINK])
    expect(of(SINK).filter(({ text }) => DDL.test(text))).toEqual([])
    expect(kinds(of(SINK)).sort()).toEqual(['INSERT', 'INSERT INTO FUNCTION', 'SELECT', 'WITH'])
    expect(kinds(of(MIGRATOR)).sort()).toEqual(['ALTER', 'CREATE', 'INSERT', 'SELECT'])
    expect(of(MIGRATOR).filter(({ text }) => /INSERT/.test(text) && !/INTO migrations /.test(text))).toEqual(
      [],
    )
  })

  test('has passwords in no statement', () => {
    for (const { text } of recorded) expect(text).not.toMatch(/sink-word|migrator-word/)
  })
})

describe('the grants', () => {
  test('parse on the engine, statement by statement', async () => {
    expect(STATEMENTS.length).toBeGreaterThan(10)
    for (const text of STATEMENTS)
      expect(await sql(`SELECT formatQuerySingleLine('${text.replaceAll("'", "\\'")}')`)).toMatch(
        /^(CREATE|GRANT) /,
      )
    const profile = STATEMENTS.find(text => text.includes('SETTINGS PROFILE')) ?? ''
    const settings = /SETTINGS\s+(final.+)\nTO/s.exec(profile)?.[1] ?? ''
    expect(settings).toContain('readonly = 1')
    // clickhouse-go, and so Grafana, sets it with every query; 0 would be no bound.
    expect(settings).toContain('max_execution_time = 60 MIN 1 MAX 60 CHANGEABLE_IN_READONLY,')
    // Names and values that the engine takes.
    expect(await sql(`SELECT 1 SETTINGS ${settings.replace(/ MIN .*READONLY|,\s*readonly = 1/g, '')}`)).toBe(
      '1\n',
    )
  })

  test('give every user its role and nothing else', () => {
    const given = STATEMENTS.flatMap(
      text => /^GRANT (\w+_role) TO (\w+)$/.exec(text)?.slice(1).join(' ') ?? [],
    )
    expect(given).toEqual(USERS.map(user => `${user}_role ${user}`))
    for (const user of USERS)
      expect(STATEMENTS.some(text => text.startsWith(`CREATE USER IF NOT EXISTS ${user}\n`))).toBe(true)
  })

  test('suffice for every statement of the migrator, from an empty database on', async () => {
    await sql('CREATE DATABASE IF NOT EXISTS tributary')
    for (const statement of of(MIGRATOR)) expect(await denied(`${MIGRATOR}_role`, statement)).toBeNull()
    for (const text of [
      'ALTER TABLE ledger ADD COLUMN IF NOT EXISTS later Nullable(Int64)',
      'CREATE OR REPLACE VIEW later_view AS SELECT 1 AS one',
      "INSERT INTO migrations (version, name) VALUES (99, 'm0099_none')",
    ])
      expect(await denied(`${MIGRATOR}_role`, { text, params: none }), text).toBeNull()
    expect(
      Number(await sql('SELECT count() FROM system.tables WHERE database = currentDatabase()')),
    ).toBeGreaterThan(20)
  })

  test('suffice for every statement of sink, server and reconcile', async () => {
    expect(of(SINK).length).toBeGreaterThan(20)
    for (const statement of of(SINK)) expect(await denied(`${SINK}_role`, statement)).toBeNull()
  })

  const elsewhere = [
    "SELECT * FROM url('http://127.0.0.1:9/', 'CSV', 'a String')",
    "SELECT * FROM file('x', 'CSV', 'a String')",
  ]
  const harm = [
    'DROP TABLE ledger',
    'TRUNCATE TABLE ledger',
    'ALTER TABLE ledger DELETE WHERE 1',
    'DROP VIEW revenue_daily',
  ]
  test.each([
    [SINK, [...harm, ...elsewhere, 'CREATE TABLE other (a Int64) ENGINE = MergeTree ORDER BY a']],
    [MIGRATOR, ['DROP TABLE ledger', 'TRUNCATE TABLE ledger', ...elsewhere]],
    [
      ANALYST,
      [...harm, ...elsewhere, 'INSERT INTO ledger (event_id) FORMAT Avro', 'SELECT * FROM elsewhere.t'],
    ],
  ])('keep %s from what it must not do', async (user, texts) => {
    await sql('CREATE DATABASE IF NOT EXISTS elsewhere')
    await sql('CREATE TABLE IF NOT EXISTS elsewhere.t (a Int64) ENGINE = MergeTree ORDER BY a')
    for (const text of texts)
      expect(await denied(`${user}_role`, { text, params: none }), text).toContain('Not enough privileges')
  })

  test('let an analyst read tables and views', async () => {
    for (const text of ['SELECT count() FROM ledger', 'SHOW TABLES', 'DESCRIBE TABLE payments'])
      expect(await denied(`${ANALYST}_role`, { text, params: none }), text).toBeNull()
  })
})
