/**
 * A warehouse in trouble, under load: whatever it answers, or does not, the sink sends the same rows again until they are
 * in, says so meanwhile, and nothing is lost, doubled or set aside.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OutageSystem, open_outage_system } from './clickhouse-system.ts'
import { type Fault, is_insert } from './warehouse-proxy.ts'

let outage: OutageSystem
beforeAll(async () => {
  outage = await open_outage_system()
}, 60_000)
afterAll(() => outage?.close())

const inserted = (): Promise<number> =>
  outage.system.metrics.text().then(text => {
    const counts = text.matchAll(/^tributary_sink_rows_total\{.*\} (\d+)$/gm)
    return [...counts].reduce((sum, [, rows]) => sum + Number(rows), 0)
  })
const errors = (code: string): Promise<number> =>
  outage.metric(new RegExp(`^tributary_sink_errors_total\\{code="${code}"\\} (\\d+)$`, 'm')).then(n => n || 0)

/** Brings trouble under load, waits until it shows as it should, ends it, and compares everything. */
const suffer = async (code: string, begin: () => unknown, end: () => unknown): Promise<void> => {
  const stop = outage.load()
  const before = await inserted()
  await expect.poll(inserted, { timeout: 15_000 }).toBeGreaterThan(before)
  const [errors_before, processed_before] = [await errors(code), await processed()]
  await begin()
  // At least three times in vain with the same rows, while decisions go on.
  await expect.poll(() => errors(code), { timeout: 30_000 }).toBeGreaterThanOrEqual(errors_before + 3)
  const shown = await outage.readyz()
  expect([shown.status, shown.ready]).toEqual([200, true])
  const [standstill] = shown.sink.map(sink => sink.standstill)
  expect(standstill?.code).toBe(code)
  expect(standstill?.tries).toBeGreaterThanOrEqual(3)
  expect(shown.degraded.join('\n')).toContain(`${standstill?.error} (since 20`)
  expect(await outage.metric(/^tributary_sink_waiting_seconds (\S+)$/m)).toBeGreaterThan(0.1)
  const standing = new RegExp(`^tributary_sink_standstill_seconds\\{code="${code}"\\} (\\S+)$`, 'm')
  expect(await outage.metric(standing)).toBeGreaterThan(0.05)
  expect(await processed()).toBeGreaterThan(processed_before)
  await end()
  const sent = await stop()
  expect(sent).toBeGreaterThan(0)
  all_sent += sent
  await expect.poll(payments, { timeout: 20_000 }).toBe(all_sent)
  await expect.poll(async () => (await outage.readyz()).degraded, { timeout: 10_000 }).toEqual([])
}
let all_sent = 0
const payments = async (): Promise<number | undefined> =>
  (await outage.query<{ n: number }>('SELECT count() AS n FROM payments FINAL'))[0]?.n
const processed = (): Promise<number> =>
  outage.metric(/^tributary_records_total\{topic="payments",outcome="processed"\} (\d+)$/m)

const exception = (code: number, name: string, applied = false): Fault => ({
  kind: 'exception',
  code,
  name,
  applied,
})
const PAGE = '<html><body>upstream unavailable</body></html>'
const TROUBLES: readonly (readonly [string, string, Fault])[] = [
  ['252', 'too many parts', exception(252, 'TOO_MANY_PARTS')],
  ['241', 'no memory', exception(241, 'MEMORY_LIMIT_EXCEEDED')],
  ['159', 'a time limit, after the rows were written', exception(159, 'TIMEOUT_EXCEEDED', true)],
  ['160', 'too slow', exception(160, 'TOO_SLOW')],
  ['319', 'unknown status, written', exception(319, 'UNKNOWN_STATUS_OF_INSERT', true)],
  ['319', 'unknown status, not written', exception(319, 'UNKNOWN_STATUS_OF_INSERT')],
  ['164', 'a read-only server', exception(164, 'READONLY')],
  ['49', 'an error nobody foresaw', exception(49, 'LOGICAL_ERROR')],
  [
    '241',
    'an exception after status 200',
    { kind: 'exception_in_body', code: 241, name: 'MEMORY_LIMIT_EXCEEDED' },
  ],
  ['HTTP_503', 'a balancer without a server', { kind: 'status', status: 503, page: PAGE }],
  ['ECONNRESET', 'a connection cut before', { kind: 'cut', applied: false }],
  ['ECONNRESET', 'a connection cut after the rows were written', { kind: 'cut', applied: true }],
  ['ECONNRESET', 'a connection cut within the rows', { kind: 'cut_body' }],
  ['ECONNRESET', 'half a reply', { kind: 'half_reply' }],
  ['TIMEOUT', 'no reply', { kind: 'silence', applied: false }],
  ['TIMEOUT', 'no reply after the rows were written', { kind: 'silence', applied: true }],
]

describe('inserts meet', () => {
  test.each(TROUBLES)('%s: %s', async (code, _, fault) => {
    await suffer(
      code,
      () => outage.proxy.befall(statement => (is_insert(statement) ? fault : null)),
      () => outage.proxy.befall(null),
    )
  })

  test('a refused connection', async () => {
    await suffer('ECONNREFUSED', outage.proxy.refuse, outage.proxy.listen)
  })

  test('a mixture, a fault for every second statement', async () => {
    const stop = outage.load()
    const before = outage.proxy.faults
    let n = 0
    outage.proxy.befall(statement => {
      n++
      return is_insert(statement) && n % 2 === 0 ? (TROUBLES[(n >> 1) % TROUBLES.length]?.[2] ?? null) : null
    })
    await expect
      .poll(() => outage.proxy.faults, { timeout: 60_000 })
      .toBeGreaterThan(before + 2 * TROUBLES.length)
    outage.proxy.befall(null)
    all_sent += await stop()
    await expect.poll(payments, { timeout: 20_000 }).toBe(all_sent)
  })

  test('nothing that left a trace: all tables and sums are as in the log', async () => {
    expect(await outage.differences()).toEqual([])
  })
})

test('an insert that is too much for the memory is sent in smaller ones', async () => {
  const LIMIT = 200_000
  outage.proxy.befall(statement =>
    is_insert(statement) && statement.body_bytes > LIMIT ? exception(241, 'MEMORY_LIMIT_EXCEEDED') : null,
  )
  const before = await errors('241')
  // While nothing gets in, rows gather until they are more than the limit.
  await outage.proxy.refuse()
  const stop = outage.load(8000)
  await sleep(3000)
  await stop()
  await outage.proxy.listen()
  expect(await outage.differences()).toEqual([])
  expect(await errors('241')).toBeGreaterThan(before)
  expect((await outage.readyz()).degraded).toEqual([])
  outage.proxy.befall(null)
})

test('a warehouse killed again and again while rows flow', async () => {
  const stop = outage.load(1500)
  for (let kills = 0; kills < 5; kills++) {
    await sleep(300 + kills * 150)
    const before = await inserted()
    await outage.kill_warehouse()
    await expect.poll(inserted, { timeout: 20_000 }).toBeGreaterThan(before)
  }
  expect(await stop()).toBeGreaterThan(1000)
  expect(await outage.differences()).toEqual([])
}, 90_000)
