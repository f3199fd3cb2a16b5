/**
 * A warehouse that lost rows it had confirmed: emptied, it is noticed at the next start and filled again; robbed of one
 * table's rows, which nobody sees at a start, it is filled again by `npm run sink -- reset`. On both stacks.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { start_embedded_warehouse } from '../../runtime/embedded/warehouse.ts'
import { write_history } from './history.ts'
import { caught_up, type Ended, Installation, settled } from './installation.ts'

const PAYMENTS = 900
const directory = mkdtempSync(join(tmpdir(), 'tributary-reset-'))
const files = {
  touchpoints: join(directory, 'touchpoints.ndjson'),
  payments: join(directory, 'payments.ndjson'),
}
beforeAll(() => write_history(files, { touchpoints: 200, payments: PAYMENTS }, 11))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const done = ({ code, output }: Ended): string => {
  expect(code, output).toBe(0)
  return output
}

/** Runs statements on the tables of a stopped installation. */
const on_tables = async (installation: Installation, ...statements: string[]): Promise<void> => {
  const embedded = installation.services === null
  const server = embedded
    ? await start_embedded_warehouse({ dir: join(installation.directory, 'data') })
    : { url: installation.clickhouse, stop: async () => {} }
  for (const body of statements) {
    const reply = await fetch(server.url, { method: 'POST', body })
    expect(reply.status, await reply.text()).toBe(200)
  }
  await server.stop()
}

const stacks = {
  embedded: Installation.embedded,
  'Kafka, Redis and a registry': () => Installation.cluster(),
}

describe.each(Object.entries(stacks))('on %s', (_, open) => {
  let installation: Installation
  let whole: Record<string, number>
  beforeAll(async () => {
    installation = await open()
    await installation.start()
    await installation.hold_time('open')
    for (const topic of ['touchpoints', 'payments'] as const)
      done(await installation.run('import', topic, files[topic]))
    await caught_up(installation)
    await installation.hold_time('close')
    await settled(installation)
    whole = await counts()
    expect(whole.payments).toBe(PAYMENTS)
    await installation.stop()
  })
  afterAll(() => installation?.close())

  const complete = async () => {
    await caught_up(installation, 60_000)
    done(await installation.run('reconcile'))
    expect(await installation.problems()).toEqual([])
  }
  const counts = async (): Promise<Record<string, number>> => {
    const tables = ['payments', 'touchpoints', 'ledger', 'identified_touches', 'sessions']
    const rows = await Promise.all(
      tables.map(table => installation.query(`select count() as n from ${table} final`)),
    )
    return Object.fromEntries(tables.map((table, i) => [table, Number(rows[i]?.[0]?.n)]))
  }

  test('an emptied warehouse is noticed at the start and filled again', async () => {
    await on_tables(
      installation,
      ...Object.keys(whole).map(table => `DROP TABLE ${table} SYNC`),
      'TRUNCATE TABLE batches',
    )
    await installation.start()
    await complete()
    expect(await counts()).toEqual(whole)
    await installation.stop()
  })

  test('rows lost of one table are found by reconcile, and brought back by a reset of that table', async () => {
    await on_tables(installation, 'TRUNCATE TABLE ledger', 'TRUNCATE TABLE payments')
    await installation.start()
    await caught_up(installation)
    expect((await counts()).ledger).toBe(0)
    const { code, output } = await installation.run('reconcile', '--wait', '0')
    expect(code, output).toBe(1)
    await installation.stop()
    expect(done(await installation.run('sink', 'reset', 'ledger'))).toContain('to the beginning: ledger\n')
    expect(done(await installation.run('sink', 'reset', 'payments'))).toMatch(
      /: payments, payments.rekeyed, batch_log.customer\n/,
    )
    const status = done(await installation.run('sink', 'status'))
    expect(status).toMatch(/^ledger +0 +\d+ +\d+$/m)
    expect(status).toMatch(/^touchpoints +200 +200 +0$/m)
    await installation.start()
    await complete()
    expect(await counts()).toEqual(whole)
    await installation.stop()
  })

  test('everything inserted a second time leaves the tables as they were', async () => {
    expect(done(await installation.run('sink', 'reset'))).toContain('the next start inserts them again')
    await installation.start()
    await complete()
    expect(await counts()).toEqual(whole)
  })

  test('a running process is not reset, a table that is none is named', async () => {
    if (installation.services === null) {
      const refused = await installation.run('sink', 'reset')
      expect([refused.code, refused.output]).toEqual([1, expect.stringContaining('stop the running process')])
    }
    await installation.stop()
    const unknown = await installation.run('sink', 'reset', 'invoices')
    expect([unknown.code, unknown.output]).toEqual([
      1,
      expect.stringMatching(/there is no table invoices; tables are .*\bbatches, .*\bledger, /),
    ])
    expect((await installation.run('sink', 'forget')).code).toBe(2)
  })
})
