/**
 * A rolling deploy on real services: two processes of one version are replaced, one after the other, by two of the next,
 * while an import runs; and when the newer code dies, the older one that is left does not open what the newer one wrote.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TaskStatus } from '../../runtime/worker-types.ts'
import { minutes } from '../../schemas/units.ts'
import { write_history } from './history.ts'
import { Installation, lines_of, PARTITIONS } from './installation.ts'
import { cluster_env, Member } from './member.ts'

const ROOT = join(import.meta.dirname, '../..')
const SESSION_MS = 3000
const PAYMENTS = 2000
/** So that an import lasts longer than what happens under it. */
const PER_SECOND = 12
const COPIED = [
  'commands',
  'dashboard',
  'docs',
  'jobs',
  'operators',
  'pipelines',
  'runtime',
  'schemas',
  'server',
  'sql',
]

const run_program = promisify(execFile)
const directory = mkdtempSync(join(tmpdir(), 'tributary-deploy-'))
const NEXT = join(directory, 'next')
const file = (name: string): string => join(directory, `${name}.ndjson`)
const files = { touchpoints: file('touchpoints'), payments: file('payments') }
let installation: Installation

const edit = (path: string, ...changes: readonly (readonly [string, string])[]): void => {
  let text = readFileSync(join(NEXT, path), 'utf8')
  for (const [from, to] of changes) {
    if (text.split(from).length !== 2) throw new Error(`${path} does not have once: ${from}`)
    text = text.replace(from, to)
  }
  writeFileSync(join(NEXT, path), text)
}

/** The next version of the project: post-ledger counts each customer's movements in its state. */
const make_next = async (): Promise<void> => {
  for (const folder of [...COPIED, 'test/schemas/published'])
    cpSync(join(ROOT, folder), join(NEXT, folder), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(NEXT, 'package.json'))
  symlinkSync(join(ROOT, 'node_modules'), join(NEXT, 'node_modules'))
  const schema = 'schemas/state/revenue_totals.avsc'
  const first = JSON.parse(readFileSync(join(NEXT, schema), 'utf8')) as { name: string; fields: object[] }
  const write = (path: string, value: object) => writeFileSync(join(NEXT, path), JSON.stringify(value))
  write('schemas/state/revenue_totals_v2.avsc', { ...first, name: `${first.name}V2` })
  write(schema, { ...first, fields: [...first.fields, { name: 'movements', type: 'long' }] })
  edit(
    'operators/revenue/post-ledger.ts',
    ['version: 2,', 'version: 3,'],
    ['content_id: null, touched_ms: null }),', 'content_id: null, touched_ms: null, movements: 0 }),'],
    ["earlier: { 1: 'state/revenue_totals_v1' },", "earlier: { 2: 'state/revenue_totals_v2' },"],
    [
      '({ ...(earlier as RevenueTotalsV1), content_id: null }),',
      '({ ...(earlier as unknown as RevenueTotals), movements: 0 }),',
    ],
    ["earlier: { 1: 'state/revenue_day' }", "earlier: { 2: 'state/revenue_day' }"],
    [
      'turn.emit(entry)\n      return state',
      'turn.emit(entry)\n      return { ...state, movements: state.movements + 1 }',
    ],
    ['        channel: touch.channel,', '        ...state,\n        channel: touch.channel,'],
  )
  const lock = join(NEXT, 'operators/names.lock')
  writeFileSync(
    lock,
    readFileSync(lock, 'utf8').replace('post-ledger 2\n', 'post-ledger 2 removed\npost-ledger 3\n'),
  )
  mkdirSync(dirname(join(NEXT, 'docs/asyncapi.json')), { recursive: true })
  await command(NEXT, 'generate')
}

/** Runs a command of one version to its end; throws unless it ends well. */
const command = async (root: string, name: string, ...args: string[]): Promise<string> => {
  const env = installation ? cluster_env(installation, SESSION_MS) : {}
  const program = join(root, 'commands', `${name}.ts`)
  const options = { cwd: root, env: { ...process.env, ...env }, timeout: minutes(2) }
  const ran = await run_program(process.execPath, [program, ...args], options).catch(
    (error: Error & { stdout: string }) => error,
  )
  if (ran instanceof Error) throw new Error(`${ran.message}${ran.stdout}`)
  return ran.stdout
}

beforeAll(async () => {
  await make_next()
  write_history(files, { touchpoints: 300, payments: PAYMENTS }, 5)
  const lines = lines_of(files.payments)
  for (const [name, from, to] of [
    ['first', 0, PAYMENTS / 2],
    ['second', PAYMENTS / 2, PAYMENTS],
  ] as const)
    writeFileSync(file(name), `${lines.slice(from, to).join('\n')}\n`)
  installation = await Installation.cluster()
})
/** Begins an import that goes on slowly until its end is called for. */
const load_slowly = (name: string): { end(): Promise<void> } => {
  const { child, ended } = installation.spawn(
    'import',
    'payments',
    file(name),
    '--throttle',
    String(PER_SECOND),
  )
  return {
    end: async () => {
      expect(child.exitCode, 'the import ended before what should happen under it').toBeNull()
      child.kill('SIGKILL')
      await ended
      const { code, output } = await installation.run('import', 'payments', file(name))
      expect(code, output).toBe(0)
    },
  }
}
const members = new Set<Member>()
const begin = async (root = ROOT): Promise<Member> => {
  const member = await Member.start(installation, { root, session_ms: SESSION_MS })
  members.add(member)
  return member
}
const end = async (member: Member, signal: NodeJS.Signals): Promise<void> => {
  members.delete(member)
  const code = await member.end(signal)
  expect(code, member.output).toBe(signal === 'SIGTERM' ? 0 : null)
}
afterAll(async () => {
  for (const member of members) await member.end('SIGKILL')
  await installation?.close()
  rmSync(directory, { recursive: true, force: true })
})

const tasks_of = async (...of: Member[]): Promise<TaskStatus[]> =>
  (await Promise.all(of.map(member => member.status()))).flatMap(({ tasks }) => tasks)

/** Waits until they work all tasks, each some. */
const all_live = async (...of: Member[]): Promise<void> => {
  for (const deadline = Date.now() + 120_000; ; await sleep(100)) {
    const held = await Promise.all(of.map(member => tasks_of(member).catch(() => [])))
    const live = held.map(tasks => tasks.filter(({ state }) => state === 'live'))
    if (live.every(({ length }) => length > 0) && live.flat().length === installation.tasks) return
    if (Date.now() > deadline)
      throw new Error(`not live: ${JSON.stringify(held)}\n${of.map(({ output }) => output).join('\n')}`)
  }
}

/** Nothing lost, nothing doubled: log, ledger, state and view agree to the cent, and every promise of sql/checks holds. */
const exact = async (payments: number): Promise<void> => {
  expect(await command(NEXT, 'reconcile', '--wait', '60')).toContain('to the cent')
  expect(await installation.problems()).toEqual([])
  const rows = await installation.query('select count() as n, uniqExact(event_id) as ids from payments final')
  expect(rows.map(({ n, ids }) => [Number(n), Number(ids)])).toEqual([[payments, payments]])
}

let next_one: Member
let next_two: Member

test('two processes are replaced by two of the next version under load', {
  timeout: minutes(4),
}, async () => {
  const one = await begin()
  const two = await begin()
  await all_live(one, two)
  await installation.hold_time('open', one.http)
  const touches = await installation.run('import', 'touchpoints', files.touchpoints)
  expect(touches.code, touches.output).toBe(0)
  const importing = load_slowly('first')
  await sleep(1000)

  await end(two, 'SIGTERM')
  next_two = await begin(NEXT)
  await all_live(one, next_two)
  await end(one, 'SIGTERM')
  next_one = await begin(NEXT)
  await all_live(next_one, next_two)

  await importing.end()
  await exact(PAYMENTS / 2)
})

const of_customers = ({ group }: TaskStatus): boolean => group === 'customer'
const partitions = (tasks: readonly TaskStatus[]): number[] => tasks.map(({ partition }) => partition).sort()

test('older code does not open what newer code wrote', { timeout: minutes(4) }, async () => {
  const importing = load_slowly('second')
  await end(next_two, 'SIGTERM')
  const older = await begin()
  // Every partition of customers bears the newer version; those of tenants are as they were.
  const refused = await older.until(
    'refusing',
    ({ tasks }) =>
      tasks.some(({ state }) => state === 'refused') && tasks.some(({ state }) => state === 'live'),
  )
  expect(refused.ready).toBe(false)
  for (const task of refused.tasks.filter(({ state }) => state === 'refused')) {
    expect(task.group).toBe('customer')
    expect(task.error).toContain('newer code wrote its state (revenue-ledger/post-ledger 3, here 2)')
  }
  // What one refuses the other works, more than its share.
  await next_one.until('at work on all of them', ({ tasks }) => {
    const live = tasks.filter(task => of_customers(task) && task.state === 'live')
    return live.length === PARTITIONS
  })

  await end(next_one, 'SIGKILL')
  const { tasks, reasons } = await older.until('refusing all of them', state => {
    const mine = state.tasks.filter(of_customers)
    return mine.length === PARTITIONS && mine.every(({ state }) => state === 'refused')
  })
  expect(partitions(tasks.filter(of_customers))).toEqual([0, 1, 2, 3])
  for (const partition of [0, 1, 2, 3])
    expect(reasons.join('\n')).toContain(
      `task customer/${partition} is refused: customer/${partition}: newer code`,
    )

  next_one = await begin(NEXT)
  await next_one.until('at work again', state => {
    const live = state.tasks.filter(task => of_customers(task) && task.state === 'live')
    return live.length === PARTITIONS
  })
  await importing.end()
  expect((await tasks_of(older)).filter(task => of_customers(task) && task.state === 'live')).toEqual([])
  await installation.hold_time('close', next_one.http)
  await exact(PAYMENTS)
  await end(older, 'SIGTERM')
  await end(next_one, 'SIGTERM')
})
