/** Eighteen months of real purchases through import, log, tasks, sink and view, on both stacks. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Holding, Installation, settled } from '../services/installation.ts'
import { payments_ndjson, REFERENCE_DATA } from './cdnow-payments.ts'

interface Cohort {
  readonly customers: number
  readonly active: number[]
  readonly purchase_days: number[]
  readonly revenue: number[]
}

const present = existsSync(join(REFERENCE_DATA, 'cdnow'))
if (!present && process.env.CI) throw new Error(`no reference data at ${REFERENCE_DATA}`)
if (!present) console.log(`skipped: no reference data at ${REFERENCE_DATA} (set REFERENCE_DATA)`)

const directory = mkdtempSync(join(tmpdir(), 'tributary-cdnow-'))
const file = (which: 'sample' | 'master') => join(directory, `${which}.ndjson`)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const stacks = { embedded: Installation.embedded, 'Kafka, Redis and a registry': Installation.cluster }
const holdings = new Map<string, Holding>()

describe.runIf(present).each(Object.entries(stacks))('CDNOW on %s', (name, open) => {
  let sample: Installation
  let master: Installation
  beforeAll(async () => {
    writeFileSync(file('sample'), payments_ndjson('sample'))
    writeFileSync(file('master'), payments_ndjson('master'))
    sample = await open()
    await sample.start()
    const imported = await sample.run('import', 'payments', file('sample'))
    expect(imported.code, imported.output).toBe(0)
  })
  afterAll(async () => {
    await sample?.close()
    await master?.close()
  })

  test('the sample gives the published monthly cohort table in every cell', async () => {
    await settled(sample)
    const rows = await sample.query(
      "select cohort_start, periods_since, customers, active_customers, purchase_days, revenue_minor from revenue_cohort(as_of = '2030-01-01 00:00:00', granularity = 'month') where tenant_id = 'cdnow' order by cohort_start, periods_since",
    )
    const { cases } = JSON.parse(readFileSync(join(REFERENCE_DATA, 'cdnow/expected.json'), 'utf8')) as {
      cases: { id: string; expected: Record<string, Cohort> }[]
    }
    const expected = cases.find(({ id }) => id === 'cohorts.monthly.sample')?.expected as Record<
      string,
      Cohort
    >
    const got: Record<string, Cohort> = {}
    for (const row of rows) {
      const month = String(row.cohort_start).slice(0, 7)
      got[month] ??= { customers: Number(row.customers), active: [], purchase_days: [], revenue: [] }
      const offset = Number(row.periods_since)
      got[month].active[offset] = Number(row.active_customers)
      got[month].purchase_days[offset] = Number(row.purchase_days)
      got[month].revenue[offset] = Number(row.revenue_minor)
    }
    expect(Object.keys(got)).toEqual(Object.keys(expected))
    for (const [month, cohort] of Object.entries(expected)) {
      const { customers, active, purchase_days, revenue } = cohort
      expect(got[month], month).toEqual({
        customers,
        active,
        purchase_days,
        revenue: revenue.map(dollars => Math.round(dollars * 100)),
      })
    }
    holdings.set(name, await sample.holding())
  })

  test('the checks return no row, nothing was late', async () => {
    const outcomes = await sample.query(
      "select sum(outcomes.late) as late, sum(outcomes.dead_letter) as dead, sum(outcomes.processed) as processed from batches final where key_group = 'customer'",
    )
    expect(outcomes.map(row => [Number(row.late), Number(row.dead), Number(row.processed)])).toEqual([
      [0, 0, 6919],
    ])
    expect(await sample.query('select 1 from sessions final')).toEqual([])
  })

  test('the master sums to 2,500,315.63 in 69,659 purchases, repeated rows and zeros included', async () => {
    await sample.stop()
    master = await open()
    await master.start()
    const { code, output } = await master.run('import', 'payments', file('master'))
    expect(code, output).toBe(0)
    await settled(master)
    const [row] = await master.query(
      "select sum(net_minor) as net, sum(gross_minor) as gross, sum(payments) as payments from revenue_daily(as_of = '2030-01-01 00:00:00')",
    )
    expect([Number(row?.net), Number(row?.gross), Number(row?.payments)]).toEqual([
      250031563, 250031563, 69659,
    ])
  })
})

test.runIf(present)('both stacks hold the same bodies per topic and key, tables and state', () => {
  const [embedded, cluster] = Object.keys(stacks).map(name => holdings.get(name))
  expect(Object.keys(embedded?.bodies.revenue_windows ?? {})).toEqual(['cdnow'])
  expect(cluster).toEqual(embedded)
})
