/** One tenant's odd data keep nobody else from an answer, and all are computed together where none has any. */
import { beforeEach, expect, it } from 'vitest'
import type { Job, JobRow } from '../../jobs/job.ts'
import { run_apart } from '../../jobs/run-apart.ts'

let runs: string[][]
beforeEach(() => {
  runs = []
})
const job: Job = {
  name: 'sample',
  every_ms: 1000,
  reads: { day: '', hour: '' },
  writes: ['forecasts'],
  run: ({ day = [], hour = [] }, as_of) => {
    const tenants = [...new Set([...day, ...hour].map(row => String(row.tenant_id)))]
    runs.push(tenants)
    for (const { value } of day) if (!Number.isFinite(value)) throw new RangeError(`value ${value}`)
    return tenants.map(tenant_id => ({ topic: 'forecasts', row: { tenant_id, as_of, of: tenants.length } }))
  },
}
const row = (tenant_id: string, value: number): JobRow => ({ tenant_id, value })
const rows = (...day: JobRow[]) => ({ day, hour: [row('a', 1), row('c', 1)] })

it('computes all together', () => {
  const { outputs, failed } = run_apart(job, rows(row('a', 1), row('b', 2)), 7)
  expect(runs).toEqual([['a', 'b', 'c']])
  expect(outputs.map(each => each.row)).toEqual(
    ['a', 'b', 'c'].map(tenant_id => ({ tenant_id, as_of: 7, of: 3 })),
  )
  expect(failed.size).toBe(0)
})

it('leaves out whom it cannot compute, with the reason, and computes the others together', () => {
  const { outputs, failed } = run_apart(job, rows(row('a', 1), row('b', Number.NaN), row('b', 3)), 7)
  expect([...failed]).toEqual([['b', 'value NaN']])
  expect(outputs.map(each => each.row)).toEqual(['a', 'c'].map(tenant_id => ({ tenant_id, as_of: 7, of: 2 })))
})

it('throws what is nobody’s in particular', () => {
  const all = { day: [row('a', Number.NaN), row('b', Number.NaN)], hour: [] }
  expect(() => run_apart(job, all, 7)).toThrow('value NaN')
  expect(() => run_apart(job, { day: [{ value: Number.NaN }, row('a', 1)], hour: [] }, 7)).toThrow(
    'value NaN',
  )
  const together: Job = {
    ...job,
    run: ({ day = [] }) => {
      if (day.length > 1) throw new Error('too many')
      return []
    },
  }
  expect(() => run_apart(together, rows(row('a', 1), row('b', 1)), 7)).toThrow('too many')
})

it('asks each tenant together with what is everybody’s', () => {
  const limited: Job = {
    ...job,
    run: ({ day = [], hour = [] }) => {
      const limit = Number(hour.find(({ tenant_id }) => tenant_id === '*')?.value)
      if (!day.every(({ value }) => Number(value) < limit)) throw new RangeError(`beyond ${limit}`)
      return day.map(each => ({ topic: 'forecasts', row: each }))
    },
  }
  const of = (...day: JobRow[]) => ({ day, hour: [row('*', 10)] })
  const { outputs, failed } = run_apart(limited, of(row('a', 1), row('b', 20)), 7)
  expect([...failed]).toEqual([['b', 'beyond 10']])
  expect(outputs.map(each => each.row)).toEqual([row('a', 1)])
  // Everybody but who speaks for all: nobody's in particular.
  expect(() => run_apart(limited, of(row('a', 30), row('b', 20)), 7)).toThrow('beyond 10')
})
