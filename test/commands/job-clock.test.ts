/** Which job runs when: on a clock that the test turns. */
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type JobClock,
  type JobClockDeps,
  QUEUED_MOST,
  start_job_clock,
} from '../../commands/process/job-clock.ts'
import type { Job } from '../../jobs/job.ts'
import { run_apart } from '../../jobs/run-apart.ts'
import type { TaskStatus } from '../../runtime/worker-types.ts'
import { days, hours } from '../../schemas/units.ts'

const T = Date.UTC(2026, 2, 1, 10)
const MIDNIGHT = Date.UTC(2026, 2, 1)

let now: number
let sleepers: (() => void)[]
let stop: AbortController
let appended: { topic: string; event_id: string; as_of: string }[]
let left: string | null
let ours: boolean
let by_itself: boolean
let newest: number | null
let fails: boolean
let leases: { state: string; renewed_at: number }[]
let asked: string[]
let job: Job
let clock: JobClock

const count_things: Job = {
  name: 'count-things',
  every_ms: days(1),
  reads: { things: 'SELECT 1' },
  writes: ['forecasts'],
  run: ({ things = [] }, as_of) => [
    {
      topic: 'forecasts',
      row: { event_id: `${as_of}`, tenant_id: 't', occurred_at: as_of, n: things.length },
    },
  ],
}

const deps = (): JobClockDeps => ({
  jobs: [job],
  by_itself,
  compute: async (each, rows, as_of) => {
    if (fails) throw new Error('no fit')
    return run_apart(each, rows, as_of)
  },
  clock: {
    now: () => now,
    nonce: () => 'n',
    sleep: (_ms, signal) =>
      new Promise(resolve => {
        sleepers.push(resolve)
        signal?.addEventListener('abort', () => resolve())
      }),
  },
  logger: pino({ level: 'silent' }),
  worker: {
    status: () => [{ group: 'tenant', partition: ours ? 0 : 1, state: 'live' } as TaskStatus],
  },
  left_to_do: () => left,
  settings: { import_lapse_ms: 90_000 },
  warehouse: {
    query: async <R>(sql: string) => {
      if (sql.includes("kind = 'imports'"))
        return leases.map(lease => ({ body: JSON.stringify(lease) })) as R[]
      asked.push(sql)
      if (sql.includes('max(occurred_at)'))
        return [{ rows: newest === null ? 0 : 1, at_ms: newest ?? 0 }] as R[]
      return [{ one: 1 }] as R[]
    },
  },
  emitter: {
    check: (_topic, value) => value as never,
    append: async (topic, rows) => {
      for (const { event_id, occurred_at } of rows)
        appended.push({ topic, event_id, as_of: new Date(occurred_at).toISOString() })
    },
  },
})

beforeEach(() => {
  now = T
  sleepers = []
  stop = new AbortController()
  appended = []
  left = null
  ours = true
  by_itself = true
  newest = null
  fails = false
  leases = []
  asked = []
  job = count_things
  clock = start_job_clock(deps(), stop.signal)
})
afterEach(async () => {
  stop.abort()
  await clock.ended
})

/** The clock looks once. */
const look = async (): Promise<void> => {
  for (const wake of sleepers.splice(0)) wake()
  // Everything it stands on answers at once: a round of the loop is a few microtasks.
  await new Promise(resolve => setImmediate(resolve))
}

describe('a job', () => {
  it('runs as of the newest multiple of its cadence, once', async () => {
    await look()
    await look()
    expect(appended).toEqual([
      { topic: 'forecasts', event_id: `${MIDNIGHT}`, as_of: '2026-03-01T00:00:00.000Z' },
    ])
    now += days(1)
    await look()
    expect(appended.map(row => row.as_of)).toEqual(['2026-03-01T00:00:00.000Z', '2026-03-02T00:00:00.000Z'])
    expect(clock.status()).toEqual([
      {
        name: 'count-things',
        every_ms: days(1),
        done_at: MIDNIGHT + days(1),
        running: false,
        runs: 2,
        error: null,
      },
    ])
  })

  it('waits until what happened before is in the tables, under steady load for five minutes', async () => {
    left = '7 rows are to be inserted'
    await look()
    now += 299_999
    await look()
    expect(appended).toEqual([])
    now += 1
    await look()
    expect(appended).toHaveLength(1)
  })

  it('waits as long as it says itself', async () => {
    stop.abort()
    stop = new AbortController()
    job = { ...count_things, every_ms: 300_000, settled_after_ms: 60_000 }
    clock = start_job_clock(deps(), stop.signal)
    left = '7 rows are to be inserted'
    await look()
    now += 59_999
    await look()
    expect(appended).toEqual([])
    now += 1
    await look()
    expect(appended.map(row => row.event_id)).toEqual([`${T}`])
  })

  it('looks for its result among its own rows, where others write the topic, too', async () => {
    await look()
    expect(asked.filter(sql => sql.includes('max(occurred_at)'))).toEqual([
      expect.not.stringContaining('WHERE'),
    ])
    stop.abort()
    stop = new AbortController()
    job = { ...count_things, ids_begin: 'count-things' }
    clock = start_job_clock(deps(), stop.signal)
    asked = []
    await look()
    expect(asked.filter(sql => sql.includes('max(occurred_at)'))).toEqual([
      expect.stringMatching(/FROM forecasts WHERE startsWith\(event_id, 'count-things\|'\)$/),
    ])
  })

  it('is left to the process that works the first task of the tenants', async () => {
    ours = false
    await look()
    expect(appended).toEqual([])
  })

  it('is left to who asks for it, where the process is told so', async () => {
    stop.abort()
    stop = new AbortController()
    by_itself = false
    clock = start_job_clock(deps(), stop.signal)
    await look()
    expect(appended).toEqual([])
    await clock.run('count-things', T)?.ended
    expect(appended).toHaveLength(1)
  })

  it('is not run again by a process that finds its result', async () => {
    newest = MIDNIGHT
    await look()
    expect(appended).toEqual([])
    expect(clock.status()[0]?.done_at).toBe(MIDNIGHT)
  })

  it('is run again by a process that finds its result and an import that was closed after its moment', async () => {
    newest = MIDNIGHT
    leases = [{ state: 'closed', renewed_at: MIDNIGHT - 1 }]
    await look()
    expect(appended).toEqual([])
    stop.abort()
    stop = new AbortController()
    leases = [...leases, { state: 'closed', renewed_at: T - hours(1) }]
    clock = start_job_clock(deps(), stop.signal)
    await look()
    now += 60_000
    await look()
    expect(appended.map(row => row.event_id)).toEqual([`${MIDNIGHT}`])
  })

  it('is not run by itself where somebody ran it as of a later moment, nothing imported', async () => {
    await clock.run('count-things', T)?.ended
    await look()
    expect(appended.map(row => row.event_id)).toEqual([`${T}`])
  })

  it('waits for an import that is open, and runs again when one was closed', async () => {
    leases = [{ state: 'open', renewed_at: now - 1000 }]
    await look()
    expect(appended).toEqual([])
    now += 5000
    leases = [{ state: 'closed', renewed_at: now }]
    await look()
    expect(appended).toHaveLength(1)
    now += 60_000
    leases = [...leases, { state: 'closed', renewed_at: now - 10 }]
    await look()
    now += 60_000
    await look()
    expect(appended.map(row => row.event_id)).toEqual([`${MIDNIGHT}`, `${MIDNIGHT}`])
    // An import that died without a word lapses.
    now = T + days(1)
    leases = [...leases, { state: 'open', renewed_at: now - 90_000 }]
    await look()
    expect(appended).toHaveLength(3)
  })

  it('that failed says so, and is tried again five minutes later', async () => {
    fails = true
    await look()
    expect(clock.status()[0]).toMatchObject({ error: 'no fit', done_at: null, runs: 1 })
    fails = false
    await look()
    expect(appended).toEqual([])
    now += 300_000
    await look()
    expect(appended).toHaveLength(1)
    expect(clock.status()[0]).toMatchObject({ error: null, done_at: MIDNIGHT })
  })

  it('waits with so many others at most, and is asked for once as of a moment', async () => {
    const first = clock.run('count-things', T)
    const again = clock.run('count-things', T)
    expect(again?.run).toBe(1)
    for (let n = 1; n < QUEUED_MOST; n++) expect(clock.run('count-things', T - n)?.run).toBe(n + 1)
    expect(clock.run('count-things', T - QUEUED_MOST)).toBeNull()
    expect(clock.run('count-things', T - 1)?.run).toBe(2)
    await first?.ended
    // What has begun may have read its rows: asked for again it is another run.
    expect(clock.run('count-things', T)?.run).toBe(QUEUED_MOST + 1)
  })

  it('runs at once, as of any moment, when it is asked for', async () => {
    await clock.run('count-things', T - hours(3))?.ended
    expect(appended.map(row => row.as_of)).toEqual(['2026-03-01T07:00:00.000Z'])
    expect(() => clock.run('other', T)).toThrow('there is no job other: count-things')
  })
})
