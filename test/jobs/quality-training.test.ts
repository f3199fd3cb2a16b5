/** The job on a warehouse: it reads what the view has, and what it writes are entries that the scorer believes. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { jobs } from '../../jobs/index.ts'
import type { JobRow } from '../../jobs/job.ts'
import job from '../../jobs/quality-training.ts'
import { run_apart } from '../../jobs/run-apart.ts'
import { run_job } from '../../jobs/run-job.ts'
import { read_lead_policy } from '../../operators/lead/read-policy.ts'
import { tributary } from '../../runtime/app.ts'
import { type Row, row_checks } from '../../runtime/emit.ts'
import { type Served, serve_warehouse } from '../sql/served-warehouse.ts'
import { HOUR, START, Tenant, TIMING } from './quality/answers.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
})
afterAll(() => served.stop())

const app = tributary(1)
type Rows = Readonly<Record<string, readonly JobRow[]>>
const run = async (as_of: number, changed = (rows: Rows): Rows => rows) => {
  const written: Row[] = []
  const emitter = {
    check: (topic: string, row: unknown) => row_checks(app, topic).check(row),
    append: async (_: string, rows: readonly Row[]) => void written.push(...rows),
  }
  const ports = { warehouse: served.warehouse, emitter, clock: { now: () => as_of } }
  const { failed } = await run_job(job, as_of, ports, async (of, rows, at) =>
    run_apart(of, changed(rows), at),
  )
  return { written, failed }
}
const train = async (as_of: number): Promise<readonly Row[]> => (await run(as_of)).written
const at = (ms: number): string => new Date(ms).toISOString()

/** A row of route_outcomes for one of quality_example. */
const outcome = (row: JobRow, i: number) => {
  const answered = at(Number(row.answered_ms))
  const points = Object.entries(row).filter(([name]) => name.endsWith('_points'))
  const { tenant_id } = row
  return {
    ...{ _key: tenant_id, _offset: i, tenant_id, event_id: `f${i}`, customer_id: `c${i}` },
    ...{ occurred_at: answered, decided_at: answered, decision_id: `c${i}|e`, buyer_id: row.buyer_id },
    ...{ outcome: row.accepted === 1 ? 'accepted' : 'rejected', quality_tier: 'basic', trusted_ratio: 1 },
    ...{ price_minor: 20_000, lead_policy_version: row.lead_policy_version, total_score: 60 },
    ...{ conversion_probability: 0.5, currency: 'USD', ...Object.fromEntries(points) },
  }
}

it('is one of the jobs, and runs every six hours', () => {
  expect(jobs).toContain(job)
  expect(job.every_ms).toBe(6 * HOUR)
})

it('learns from the rows of quality_example and finds its own entries again', async () => {
  const tenant = new Tenant({ seed: 7 })
  for (let i = 0; i < 400; i++) tenant.examples.push(tenant.answer(TIMING, START + i * 1000))
  await served.fill('route_outcomes', tenant.examples.map(outcome))
  // Another tenant's entries are not acme's, whatever their id; of one instant and revision the first counts.
  const of_others = ['*', 'acme'].map(id => [
    'globex',
    id,
    `{"version":"theirs","base":"lead-0","reason":"r"}`,
  ])
  const of_all = ['v', 'w'].map(v => ['*', '*', `{"version":"${v}","base":"lead-1","reason":"r"}`])
  await served.fill(
    'catalog',
    [...of_others, ...of_all].map(([tenant_id, id, body], i) => ({
      ...{ _key: 'k', _offset: i, event_id: `p${i}`, tenant_id, kind: 'lead_policies', id, body },
      ...{ occurred_at: at(START - HOUR), effective_at: at(START - HOUR), revision: 0 },
    })),
  )
  const first = await train(START + 6 * HOUR)
  expect(first.map(({ id, kind, effective_at }) => [id, kind, effective_at])).toEqual([
    ['acme|shadow', 'lead_policies', START + 6 * HOUR],
  ])
  const body = JSON.parse(String(first[0]!.body))
  expect(read_lead_policy(body).problem).toBeNull()
  expect([body.base, body.reason]).toEqual(['lead-1', expect.stringMatching(/; before: v\.$/)])
  // The same moment again: the same row. Before any answer: none.
  expect(await train(START + 6 * HOUR)).toEqual(first)
  expect(await train(START)).toEqual([])

  await served.fill(
    'catalog',
    first.map(row => ({
      ...row,
      _key: 'k',
      occurred_at: at(START + 6 * HOUR),
      effective_at: at(START + 6 * HOUR),
    })),
  )
  const later = Array.from({ length: 300 }, (_, i) => tenant.answer(TIMING, START + 7 * HOUR + i * 1000))
  await served.fill(
    'route_outcomes',
    later.map((row, i) => outcome(row, 1000 + i)),
  )
  const second = await train(START + 12 * HOUR)
  expect(second.map(({ id }) => id)).toEqual(['acme'])
  expect(JSON.parse(String(second[0]!.body)).reason).toMatch(/^Foretold 300 answers that came later better/)
})

it('trains the others where one tenant’s answers cannot be learned from', async () => {
  const odd = new Tenant({ seed: 8 })
  for (let i = 0; i < 400; i++) odd.examples.push(odd.answer(TIMING, START + i * 1000))
  await served.fill(
    'route_outcomes',
    odd.examples.map((row, i) => outcome({ ...row, tenant_id: 'odd' }, 2000 + i)),
  )
  let spoilt = 0
  const { written, failed } = await run(START + 12 * HOUR, ({ examples = [], ...others }) => ({
    ...others,
    examples: examples.map(row =>
      row.tenant_id === 'odd' && spoilt++ === 0 ? { ...row, trusted_ratio: Number.NaN } : row,
    ),
  }))
  expect(written.map(({ id }) => id)).toEqual(['acme'])
  expect([...failed]).toEqual([['odd', 'all outcomes are the same']])
})
