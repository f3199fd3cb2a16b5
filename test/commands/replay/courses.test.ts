/** Live and replay agree; other policies give the differences that a hand comes to; what the log cannot tell is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { map } from 'rxjs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { run_courses } from '../../../commands/replay/courses.ts'
import { read_policies } from '../../../commands/replay/policies.ts'
import { agreement_table, difference_line, findings, segment_tables } from '../../../commands/replay/print.ts'
import { changes_of, segments_of } from '../../../commands/replay/summary.ts'
import { default_lead_policy } from '../../../operators/lead/lead-policy.ts'
import { scoreLead } from '../../../operators/lead/score-lead.ts'
import { type App, tributary } from '../../../runtime/app.ts'
import { rebuild_group } from '../../../runtime/rebuild.ts'
import type { SmallSystem } from '../../runtime/small-system.ts'
import { DAY_1, DAY_2, DAY_3, deps_of, handed_off, leads_system, work_off } from './leads-system.ts'

/** An installation is begun and worked off in a few seconds, on a busy machine in more. */
const WITHIN_MS = 60_000

let system: SmallSystem
let dir: string
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tributary-policies-'))
  system = await leads_system()
}, WITHIN_MS)
afterAll(async () => {
  await system.close()
  rmSync(dir, { recursive: true, force: true })
})
/** Systems that a test has for itself. */
const own: SmallSystem[] = []
afterEach(async () => {
  for (const each of own.splice(0)) await each.close()
})

const policy = (name: string, body: object) => {
  const file = join(dir, `${name}.json`)
  writeFileSync(file, JSON.stringify(body))
  return read_policies([`${name}-policy=${file}`])
}
const stretch = (over: object = {}) => ({ from_ms: DAY_2, to_ms: DAY_3, tenant: null, ...over })
const courses = (
  of: SmallSystem,
  policies: ReturnType<typeof policy> = [],
  over: { stretch?: object; app?: App; deps?: object } = {},
) =>
  run_courses(
    { ...deps_of(of, over.app), ...over.deps },
    { stretch: stretch(over.stretch), policies, progress: () => {} },
    new AbortController().signal,
  )
const told = <T extends { topic: string }>(topics: readonly T[], name: string): T =>
  topics.find(({ topic }) => topic === name) as T
const four_less = () =>
  policy('lead', { version: 'trial', base: 'lead-1', reason: 'try', table: { homeowner: 1000 } })

test('live and replay agree by hash, over any stretch', async () => {
  const { topics, what_if, replayed } = await courses(system)
  expect(what_if).toBeNull()
  expect(replayed.records).toBeGreaterThan(300)
  for (const name of ['lead_scores', 'prices']) {
    const { recorded_hash, replayed_hash, ...rest } = told(topics, name)
    expect(rest).toMatchObject({ recorded: 3, replayed: 3, equal: 3, different: 0, missing: 0, first: null })
    expect(replayed_hash).toBe(recorded_hash)
    expect(agreement_table(topics)).toContain(recorded_hash)
  }
  const all = await courses(system, [], { stretch: { from_ms: DAY_1 } })
  expect(told(all.topics, 'lead_scores')).toMatchObject({ recorded: 153, equal: 153 })
  const one = await courses(system, [], { stretch: { from_ms: DAY_1, tenant: 'zeta' } })
  expect(told(one.topics, 'prices')).toMatchObject({ recorded: 50, equal: 50 })
})

test('another lead policy: what a hand comes to for three leads, in scores, tiers and prices', async () => {
  const { what_if } = await courses(system, four_less())
  if (!what_if) throw new Error('there is no other course')
  const scores = (course: 'recorded' | 'other') =>
    [...what_if[course].leads]
      .map(([id, { score, tier, price_minor }]) => [id.split('|')[2], score, tier, price_minor])
      .sort()
  // 14 + 12 + 2 + 8 of the base, 3.5 for no objection, 20 for timing, 5 for the market; joy is worth 7.
  expect(scores('recorded')).toEqual([
    ['ada', 64.5, 'basic', 7500],
    ['bo', 71.5, 'standard', 12_500],
    ['cy', 28.5, 'unqualified', 0],
  ])
  expect(scores('other')).toEqual([
    ['ada', 60.5, 'basic', 7500],
    ['bo', 67.5, 'basic', 7500],
    ['cy', 28.5, 'unqualified', 0],
  ])
  expect(changes_of(what_if)).toMatchObject({ leads: 3, changed: 2, score: 2, tier: 1 })
  const basic = segments_of(what_if).find(({ kind, name }) => kind === 'quality' && name === 'basic')
  expect([basic?.recorded.leads, basic?.other.leads, basic?.other.score_sum]).toEqual([1, 2, 128])
  const text = segment_tables(what_if) + findings(what_if)
  expect(text).toContain('2 of 3 leads changed: 2 their score, 1 their tier')
  expect(text).toMatch(/^standard\s+USD\s+1\s+0\s+71\.50/m)
})

test('a policy against itself: no difference', async () => {
  const { what_if } = await courses(
    system,
    policy('lead', { version: 'lead-1', base: 'lead-1', reason: 'same' }),
    {
      stretch: { from_ms: DAY_1 },
    },
  )
  expect(what_if && changes_of(what_if)).toMatchObject({ changed: 0, score: 0, tier: 0, buyer: 0, price: 0 })
  for (const { recorded, other } of segments_of(what_if as never)) expect(other).toEqual(recorded)
})

test('for one tenant: the others keep what was recorded', async () => {
  const { what_if } = await courses(system, four_less(), { stretch: { from_ms: DAY_1, tenant: 'zeta' } })
  const tenants = [...(what_if?.other.leads.keys() ?? [])].map(id => id.split('|')[0])
  expect(new Set(tenants)).toEqual(new Set(['zeta']))
  expect(what_if && changes_of(what_if).changed).toBeGreaterThan(0)
})

test(
  'a row of the log that is not what was computed, and one that never was, are found',
  async () => {
    const planted = await leads_system()
    own.push(planted)
    const [row] = (await planted.read<{ customer_id: string }>('lead_scores')).filter(
      ({ customer_id }) => customer_id === 'bo',
    )
    await planted.send('lead_scores', [
      { ...row, total_score: 99 },
      { ...row, event_id: 'invented' },
    ])
    const { topics } = await courses(planted)
    const scores = told(topics, 'lead_scores')
    expect(scores).toMatchObject({ recorded: 4, replayed: 3, equal: 2, different: 1, missing: 1 })
    expect(scores.replayed_hash).not.toBe(scores.recorded_hash)
    expect(scores.first && difference_line('lead_scores', scores.first)).toMatch(
      /acme\|bo, bo-\d+: total_score is 99 in the log, 71.5 replayed/,
    )
    await expect(courses(planted, four_less())).rejects.toThrow(
      'the code at hand does not come to what is recorded (lead_scores: 2 of 4 rows are equal)',
    )
  },
  WITHIN_MS,
)

/** The code at hand scores otherwise than the one that worked. */
const other_app = (): App => {
  const app = tributary(2)
  const score = scoreLead({ ...default_lead_policy, version: 'lead-1', homeowner: 1300 })
  const pipelines = app.pipelines.map(one => {
    if (one.name !== 'lead-scoring') return one
    const build: typeof one.build = io => {
      const { from, to } = io as {
        from: (...fields: string[]) => never
        to: (topic: string, rows: never) => void
      }
      const messages = from(
        ...['conversations', 'customer_id', 'conversation_id', 'type', 'role', 'text', 'sentiment'],
        ...['technical_question', 'context'],
      )
      const scored = score(messages) as unknown as import('rxjs').Observable<{ score: object; lead: object }>
      to('lead_scores', scored.pipe(map(each => each.score)) as never)
      to('leads', scored.pipe(map(each => each.lead)) as never)
    }
    return { ...one, build }
  })
  return { ...app, pipelines }
}

test('refuses where the code at hand is not the one that decided', async () => {
  const app = other_app()
  const { topics } = await courses(system, [], { app })
  expect(told(topics, 'lead_scores')).toMatchObject({ different: 2, equal: 1 })
  await expect(courses(system, four_less(), { app })).rejects.toThrow('lead_scores: 1 of 3 rows are equal')
})

test('refuses a range that nobody had a lead in, and one before the retained log', async () => {
  await expect(
    courses(system, four_less(), { stretch: { from_ms: DAY_3, to_ms: DAY_3 + 1 } }),
  ).rejects.toThrow('no lead has an event in the range')
  const { log } = system.deps
  const bounds: typeof log.bounds = async (topic, partition) => ({
    ...(await log.bounds(topic, partition)),
    start: topic.startsWith('batch_log.') ? 1 : 0,
  })
  await expect(courses(system, [], { deps: { log: { ...log, bounds } } })).rejects.toThrow(
    'the range is before the retained log',
  )
})

test(
  'refuses what a rebuild has worked off anew, though live and replay agree on it',
  async () => {
    const rebuilt = await leads_system()
    own.push(rebuilt)
    const request = { group: 'customer', emit: 'difference', pipelines: [], alone_within_ms: 5000 } as const
    await rebuild_group(rebuilt.deps, request, () => {}, new AbortController().signal)
    const { topics } = await courses(rebuilt)
    expect(told(topics, 'lead_scores')).toMatchObject({ equal: 3, different: 0 })
    await expect(courses(rebuilt, four_less())).rejects.toThrow('a rebuild has worked the range off anew')
  },
  WITHIN_MS,
)

test(
  'refuses rows from before their pipeline joined',
  async () => {
    const all = tributary(2)
    const named = (...names: string[]) => all.pipelines.filter(({ name }) => names.includes(name))
    const app = { ...all, pipelines: named('lead-scoring', 'quality-feedback', 'pricing-leads') }
    // It takes what pricing takes, and writes nothing.
    const [pricing] = named('pricing-leads')
    const before = {
      ...(pricing as NonNullable<typeof pricing>),
      name: 'pricing-before',
      build: ({ from }: { from: (...fields: string[]) => unknown }) => void from('leads', 'customer_id'),
    }
    const without = { ...all, pipelines: [...named('lead-scoring', 'quality-feedback'), before as never] }
    const joined = await leads_system(without)
    own.push(joined)
    const later = { ...joined, deps: { ...joined.deps, app } }
    await later.send('conversations', [handed_off('dee', DAY_2 + 7_200_000)])
    const { start_worker } = await import('../../../runtime/worker.ts')
    await work_off({ ...later, start: () => start_worker(later.deps) })
    const { topics } = await courses(later)
    expect(told(topics, 'prices')).toMatchObject({
      recorded: 1,
      replayed: 4,
      unrecorded: 3,
      begins_later: true,
    })
    await expect(courses(later, four_less())).rejects.toThrow('prices is recorded from a later instant on')
  },
  WITHIN_MS,
)

/** Scoring throws for everybody whose name begins with c, the first day's people. */
const failing_app = (): App => {
  const app = tributary(2)
  const pipelines = app.pipelines.map(one => {
    if (one.name !== 'lead-scoring') return one
    const build: typeof one.build = io => {
      const { from } = io
      const failing = (row: { customer_id: string }) => {
        if (row.customer_id.startsWith('c')) throw new Error('planted')
        return row
      }
      one.build({
        ...io,
        from: ((...fields: Parameters<typeof from>) =>
          from(...fields).pipe(map(failing as never))) as typeof from,
      })
    }
    return { ...one, build }
  })
  return { ...app, pipelines }
}

test(
  'refuses what a pipeline did not see since it was set aside',
  async () => {
    const app = failing_app()
    const aside = await leads_system(app)
    own.push(aside)
    const more = Array.from({ length: 300 }, (_, i) => handed_off(`c${i}`, DAY_2 - 400_000 + i * 1000))
    await aside.send('conversations', more)
    await work_off(aside)
    const late = ['dee', 'eve', 'flo', 'gil'].map((name, i) => handed_off(name, DAY_2 + 7_200_000 + i))
    await aside.send('conversations', late)
    await work_off(aside)
    const { topics, replayed } = await courses(aside, [], { app })
    expect([...replayed.quarantined]).toEqual(['lead-scoring'])
    expect(told(topics, 'lead_scores')).toMatchObject({ different: 0, missing: 0, unrecorded: 0 })
    await expect(courses(aside, four_less(), { app })).rejects.toThrow(
      'lead-scoring was set aside in the range',
    )
  },
  WITHIN_MS,
)

test('ends when it is told to', async () => {
  const stop = new AbortController()
  const request = { stretch: stretch(), policies: [], progress: () => stop.abort() }
  await expect(run_courses(deps_of(system), request, stop.signal)).rejects.toThrow('aborted')
})
