/** What a job reads and writes: views as of the moment in, checked rows of its topics out, or nothing at all. */
import { beforeEach, expect, it } from 'vitest'
import type { Job, JobOutput } from '../../jobs/job.ts'
import { run_apart } from '../../jobs/run-apart.ts'
import { type JobPorts, run_job, told_failures } from '../../jobs/run-job.ts'
import { tributary } from '../../runtime/app.ts'
import { type Row, row_checks } from '../../runtime/emit.ts'

const AS_OF = Date.UTC(2026, 2, 1)
const NOW = AS_OF + 1234
let asked: { sql: string; params: unknown }[]
let appended: Map<string, Row[]>
let ports: JobPorts
beforeEach(() => {
  asked = []
  appended = new Map()
  const app = tributary(1)
  ports = {
    clock: { now: () => NOW },
    warehouse: {
      query: async <R>(sql: string, params?: Readonly<Record<string, unknown>>) => {
        asked.push({ sql, params })
        return [{ n: 1 }, { n: 2 }] as R[]
      },
    },
    emitter: {
      check: (topic, value) => row_checks(app, topic).check(value),
      append: async (topic, rows) => {
        appended.set(topic, [...(appended.get(topic) ?? []), ...rows])
      },
    },
  }
})

const value = (customer_id: string): JobOutput => ({
  topic: 'lifetime_values',
  row: {
    event_id: 'EUR',
    tenant_id: 't',
    occurred_at: AS_OF,
    customer_id,
    revision: AS_OF,
    currency: 'EUR',
    model: 'bg_nbd',
    horizon_weeks: 52,
    p_alive: 0.5,
    expected_purchases: 1.5,
    expected_value_minor: 1200,
  },
})
const job = (outputs: readonly JobOutput[]): Job => ({
  name: 'sample',
  every_ms: 1000,
  reads: { customers: 'SELECT n FROM v(as_of = {as_of:DateTime64(3)})' },
  writes: ['lifetime_values', 'lifetime_models'],
  run: ({ customers }) => (customers?.length === 2 ? outputs : []),
})
const run = (outputs: readonly JobOutput[]) =>
  run_job(job(outputs), AS_OF, ports, async (each, rows, as_of) => run_apart(each, rows, as_of))

it('asks its views as of the moment and appends what it computed', async () => {
  const { written, failed } = await run([value('c1'), value('c2')])
  expect(written).toEqual({ lifetime_values: 2, lifetime_models: 0 })
  expect(failed.size).toBe(0)
  expect(asked).toEqual([
    { sql: 'SELECT n FROM v(as_of = {as_of:DateTime64(3)})', params: { as_of: '2026-03-01 00:00:00.000' } },
  ])
  expect(appended.get('lifetime_values')?.map(row => row.customer_id)).toEqual(['c1', 'c2'])
})

it('appends nothing of a tenant of whom a row does not fit, and all of the others', async () => {
  const { topic, row } = value('c2')
  const wrong = { topic, row: { ...row, tenant_id: 'odd', p_alive: 'high' } }
  const good_of_odd = { topic, row: { ...row, tenant_id: 'odd' } }
  const ran = await run([good_of_odd, value('c1'), wrong])
  expect(ran.written).toEqual({ lifetime_values: 1, lifetime_models: 0 })
  expect(appended.get('lifetime_values')?.map(each => each.tenant_id)).toEqual(['t'])
  expect(told_failures(ran)).toBe(
    'nothing was written of tenant odd (lifetime_values: p_alive must be a number)',
  )
})

it('writes no topic that the job does not name', async () => {
  await expect(run([{ topic: 'ledger', row: {} }])).rejects.toThrow(
    'job sample does not say that it writes ledger',
  )
})

it('marks rows of a versioned table that name no revision with the time of the run', async () => {
  const effect = {
    ...{
      event_id: 'markov|1|channel|search|1',
      tenant_id: 't',
      occurred_at: AS_OF,
      model: 'markov',
      place: 'search',
    },
    ...{ markov_order: 1, dimension: 'channel', effect: 1, share: 1, paths: 1, conversions: 1 },
  }
  const outputs = [value('c1'), { topic: 'attribution_effects', row: effect }]
  const both = { ...job(outputs), writes: ['lifetime_values', 'attribution_effects'] }
  await run_job(both, AS_OF, ports, async (each, rows, as_of) => run_apart(each, rows, as_of))
  expect(appended.get('attribution_effects')?.map(row => row.revision)).toEqual([NOW])
  expect(appended.get('lifetime_values')?.map(row => row.revision)).toEqual([AS_OF])
})

it('tells tenants that could not be computed with those whose rows do not fit', async () => {
  const failed = new Map([['worse', 'no fit']])
  const { topic, row } = value('c2')
  const odd = { topic, row: { ...row, tenant_id: 'odd', p_alive: 'high' } }
  const ran = await run_job(job([]), AS_OF, ports, async () => ({ outputs: [value('c1'), odd], failed }))
  expect(ran.written.lifetime_values).toBe(1)
  expect(told_failures(ran)).toBe(
    'nothing was written of tenant worse (no fit), tenant odd (lifetime_values: p_alive must be a number)',
  )
})
