/** subscription_trial: given events, what became of each trial. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Served, serve_warehouse } from './served-warehouse.ts'
import { subscription_event as event } from './subscription-events.ts'

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  const trial = { plan_id: 'team', amount_minor: 900, properties: { trial_ends_at: '2025-01-15T00:00:00Z' } }
  const of = (subscription_id: string, more = {}) => ({ subscription_id, ...more })
  await served.fill('payments', [
    event('a', 'started', '01-01', of('paid', trial)),
    event('b', 'renewed', '01-15', of('paid')),
    event('c', 'cancelled', '03-01', of('paid')),
    event('d', 'started', '01-01', of('early', trial)),
    event('e', 'renewed', '01-03T12:00', of('early', { mrr_minor: 1200, currency: 'EUR' })),
    event('f', 'started', '01-01', of('gone', trial)),
    event('g', 'cancelled', '01-04', of('gone')),
    event('h', 'renewed', '02-04', of('gone')),
    event('i', 'started', '01-01', of('silent', trial)),
    event('j', 'changed', '01-02', of('silent', { properties: { trial_ends_at: '2025-01-20T00:00:00Z' } })),
    event('k', 'started', '01-01', of('open', { properties: { trial: 'true' } })),
    event('l', 'started', '01-01', of('never', { mrr_minor: 100 })),
    // Paid first, and tried another plan after it had left: the trial begins there.
    event('m', 'started', '01-01', of('back', { mrr_minor: 100 })),
    event('n', 'cancelled', '01-05', of('back')),
    event('o', 'started', '01-10', of('back', trial)),
    event('p', 'changed', '01-16', of('back')),
  ])
})
afterAll(() => served.stop())

const trials = async (columns: string, as_of: string) => {
  const found = await served.warehouse.query<Record<string, unknown>>(
    `SELECT subscription_id, ${columns}
     FROM subscription_trial(as_of = {as_of:DateTime64(3, 'UTC')}) ORDER BY subscription_id`,
    { as_of },
  )
  return found.map(row => Object.values(row))
}
const LATER = '2025-06-01 00:00:00.000'

it('tells what became of each trial, and which event did it', async () => {
  const columns = 'status, plan_id, converting_event_id, days_to_convert, mrr_minor, currency'
  expect(await trials(columns, LATER)).toEqual([
    ['back', 'converted', 'team', 'p', 6, 900, 'USD'],
    ['early', 'converted', 'team', 'e', 2.5, 1200, 'EUR'],
    ['gone', 'cancelled', 'team', null, null, null, null],
    ['open', 'running', null, null, null, null, null],
    ['paid', 'converted', 'team', 'b', 14, 900, 'USD'],
    ['silent', 'expired', 'team', null, null, null, null],
  ])
  expect(await trials('started_at, trial_ends_at, converted_at', LATER)).toEqual([
    ['back', '2025-01-10 00:00:00.000', '2025-01-15 00:00:00.000', '2025-01-16 00:00:00.000'],
    ['early', '2025-01-01 00:00:00.000', '2025-01-15 00:00:00.000', '2025-01-03 12:00:00.000'],
    ['gone', '2025-01-01 00:00:00.000', '2025-01-15 00:00:00.000', null],
    ['open', '2025-01-01 00:00:00.000', null, null],
    ['paid', '2025-01-01 00:00:00.000', '2025-01-15 00:00:00.000', '2025-01-15 00:00:00.000'],
    ['silent', '2025-01-01 00:00:00.000', '2025-01-20 00:00:00.000', null],
  ])
})

it('knows of a day in January what had become of them until then', async () => {
  const statuses = (as_of: string) =>
    trials('status', as_of).then(rows => rows.map(([name, status]) => `${name} ${status}`))
  expect(await statuses('2025-01-04 00:00:00.000')).toEqual([
    'early converted',
    'gone running',
    'open running',
    'paid running',
    'silent running',
  ])
  expect((await statuses('2025-01-20 00:00:00.000')).at(-1)).toBe('silent expired')
})
