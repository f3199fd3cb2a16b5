/**
 * Several processes of one group on real services, under a running import: they join and leave, one by `kill -9`, and
 * what moves is what must; several worker processes behind one; and what is held in the end is what an undisturbed run
 * holds.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { minutes } from '../../schemas/units.ts'
import { write_history } from './history.ts'
import { caught_up, type Holding, Installation, lines_of, settled } from './installation.ts'
import { Member, type MemberReadiness, recoveries } from './member.ts'

/** While processes come and go, and then while workers die. */
const PARTS = [1600, 400] as const
const PAYMENTS = PARTS[0] + PARTS[1]
/** So that an import lasts longer than what happens under it. */
const PER_SECOND = 12

const directory = mkdtempSync(join(tmpdir(), 'tributary-workers-'))
const file = (name: string): string => join(directory, `${name}.ndjson`)
const files = { touchpoints: file('touchpoints'), payments: file('payments') }
let undisturbed: Holding
let installation: Installation
/** What has joined it and not left. */
const members: Member[] = []

/** Begins an import that goes on slowly until its end is called for. */
const load_slowly = (part: number): { end(): Promise<void> } => {
  const path = file(`part-${part}`)
  const { child, ended } = installation.spawn('import', 'payments', path, '--throttle', String(PER_SECOND))
  return {
    end: async () => {
      expect(child.exitCode, 'the import ended before what should happen under it').toBeNull()
      child.kill('SIGKILL')
      await ended
      await load(installation, 'payments', path)
    },
  }
}

const load = async (of: Installation, topic: string, path: string): Promise<void> => {
  const { code, output } = await of.run('import', topic, path)
  expect(code, output).toBe(0)
  await caught_up(of)
}

beforeAll(async () => {
  write_history(files, { touchpoints: 300, payments: PAYMENTS }, 3)
  const lines = lines_of(files.payments)
  PARTS.reduce((from, size, i) => {
    writeFileSync(file(`part-${i}`), `${lines.slice(from, from + size).join('\n')}\n`)
    return from + size
  }, 0)
  const quiet = await Installation.embedded()
  try {
    await quiet.start()
    await quiet.hold_time('open')
    await load(quiet, 'touchpoints', files.touchpoints)
    for (const i of PARTS.keys()) await load(quiet, 'payments', file(`part-${i}`))
    await quiet.hold_time('close')
    await settled(quiet)
    undisturbed = await quiet.holding()
  } finally {
    await quiet.close()
  }
  installation = await Installation.cluster()
  await installation.start()
  await installation.hold_time('open')
  await load(installation, 'touchpoints', files.touchpoints)
})
afterAll(async () => {
  for (const member of members) await member.end('SIGKILL')
  await installation?.close()
  rmSync(directory, { recursive: true, force: true })
})

type Process = Installation | Member
const tasks_of = async (member: Process) => (await member.status()).tasks

/** Waits until all tasks are live, none twice, each group's shared out evenly, and it stays so for a second. */
const balanced = async (members: readonly Process[]): Promise<void> => {
  const deadline = Date.now() + 120_000
  for (let since = Date.now(); Date.now() - since < 1000; await sleep(100)) {
    const held = await Promise.all(members.map(tasks_of))
    const all = held.flat()
    const groups = [...new Set(all.map(({ group }) => group))]
    const uneven = groups.filter(name => {
      const counts = held.map(tasks => tasks.filter(({ group }) => group === name).length)
      return Math.max(...counts) - Math.min(...counts) > 1
    })
    const names = new Set(all.map(({ group, partition }) => `${group}/${partition}`))
    const whole = names.size === installation.tasks && all.length === installation.tasks
    if (!whole || uneven.length > 0 || all.some(({ state }) => state !== 'live')) since = Date.now()
    if (Date.now() > deadline) throw new Error(`not shared out: ${JSON.stringify(held).slice(0, 2000)}`)
  }
}

/** Takes tasks that the process did not have before. */
const taken = async (members: readonly Process[]): Promise<number> =>
  (await Promise.all(members.map(recoveries))).reduce((sum, n) => sum + n, 0)

test('one process, four, and one again: only what must move does', { timeout: minutes(4) }, async () => {
  const importing = load_slowly(0)
  const all = () => [installation, ...members]
  for (let i = 0; i < 3; i++) {
    const before = await taken(all())
    const one = await Member.start(installation)
    await one.until('ready', ({ ready, tasks }) => ready && tasks.length > 0)
    const others = all()
    members.push(one)
    await balanced(all())
    expect(await taken(others), 'those that were there kept what they have').toBe(before)
    expect(await recoveries(one)).toBe((await tasks_of(one)).length)
  }
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGTERM'] as const) {
    const gone = members.shift()!
    const held = (await tasks_of(gone)).length
    const before = await taken(all())
    const code = await gone.end(signal)
    expect(code, gone.output).toBe(signal === 'SIGTERM' ? 0 : null)
    await balanced(all())
    expect((await taken(all())) - before, 'what the leaver had, and nothing else').toBe(held)
  }
  await importing.end()
})

/** Names whose values differ. */
const different = (ours: object, theirs: object): string[] => {
  const [a, b] = [ours, theirs].map(part => new Map(Object.entries(part)))
  const names = [...new Set([...a!.keys(), ...b!.keys()])]
  return names.filter(name => !isDeepStrictEqual(a!.get(name), b!.get(name)))
}

const gone = (pid: number): boolean => {
  try {
    return !process.kill(pid, 0)
  } catch {
    return true
  }
}
const pids = ({ workers = [] }: MemberReadiness): number[] => workers.flatMap(({ pid }) => pid ?? [])
const all_live = ({ ready, tasks }: MemberReadiness): boolean => ready && tasks.length === installation.tasks

test('three workers behind one process: one is killed under load', { timeout: minutes(3) }, async () => {
  expect(await installation.stop()).toBe(0)
  await installation.start(undefined, '--workers', '3')
  const state = (await installation.status()) as MemberReadiness
  expect(new Set(pids(state)).size).toBe(3)
  const read = async () => (await fetch(`${installation.http}/metrics`)).text()
  // Whoever is up first has all tasks, until the others have joined.
  const all_have_tasks = async () => {
    const text = await read()
    for (const worker of ['1', '2', '3'])
      expect(text).toMatch(new RegExp(`tributary_tasks\\{.*worker="${worker}"\\} \\d`))
  }
  await vi.waitFor(all_have_tasks, { timeout: 30_000, interval: 200 })
  const metrics = await read()
  // This one serves, and does no task.
  expect(metrics).not.toMatch(/tributary_recoveries_total\{group="\w+",kind="\w+"\}/)

  const importing = load_slowly(1)
  await sleep(1000)
  const [, second] = pids(state)
  process.kill(second!, 'SIGKILL')
  const seen = { degraded: false, back: false }
  for (const deadline = Date.now() + 30_000; !seen.back && Date.now() < deadline; await sleep(50)) {
    const now = (await installation.status()) as MemberReadiness
    if (now.degraded.some(reason => reason.startsWith('worker 2: '))) seen.degraded = true
    else if (seen.degraded && all_live(now)) seen.back = true
  }
  expect(seen).toEqual({ degraded: true, back: true })
  await importing.end()

  await installation.hold_time('close')
  await settled(installation)
  expect(await installation.problems()).toEqual([])
  expect(Object.keys(undisturbed.bodies.ledger ?? {})).not.toEqual([])
  // What workers tell of themselves is a moment old: they may still be at the last windows.
  let holding = await installation.holding()
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(1000)) {
    if (isDeepStrictEqual(holding, undisturbed)) break
    holding = await installation.holding()
  }
  for (const part of ['state', 'bodies', 'tables'] as const)
    expect(different(holding[part], undisturbed[part]), part).toEqual([])
})

test('workers end with the process that started them, whichever way it ends', {
  timeout: minutes(4),
}, async () => {
  expect(await installation.stop()).toBe(0)
  const options = { args: ['--workers', '2', '--log-level', 'warn'] }

  // As a terminal does it: the signal goes to the process and to its workers, and each drains once.
  const first = await Member.start(installation, options)
  members.push(first)
  const of_first = pids(await first.until('live', all_live))
  process.kill(-first.child.pid!, 'SIGTERM')
  expect(await first.ended, first.output).toBe(0)
  expect(of_first.map(gone)).toEqual([true, true])
  expect(first.output).not.toMatch(/started again|too long/)

  // Nobody is left to tell them.
  const second = await Member.start(installation, options)
  members.push(second)
  const of_second = pids(await second.until('live', all_live))
  second.child.kill('SIGKILL')
  for (const deadline = Date.now() + 12_000; !of_second.every(gone); await sleep(50))
    expect(Date.now(), `workers are left: ${second.output}`).toBeLessThan(deadline)
  expect(second.output).not.toMatch(/too long/)

  // Whoever says it twice does not want to wait, here for a worker that cannot end.
  const third = await Member.start(installation, options)
  members.push(third)
  const of_third = pids(await third.until('live', all_live))
  process.kill(of_third[0]!, 'SIGSTOP')
  const told_at = Date.now()
  third.child.kill('SIGTERM')
  await sleep(500)
  expect(third.child.exitCode).toBeNull()
  third.child.kill('SIGINT')
  expect(await third.ended).toBe(130)
  for (; !of_third.every(gone); await sleep(50)) expect(Date.now() - told_at).toBeLessThan(5000)
})
