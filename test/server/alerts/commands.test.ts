/** Silences and acknowledgements over HTTP: what is written, and what is refused before it is. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { alert_word, at } from '../../sql/alert-rows.ts'
import { type Served, serve_warehouse } from '../../sql/served-warehouse.ts'
import { NOW, open_alert_system } from './alert-system.ts'

const HOUR = 3_600_000
let served: Served
let system: Awaited<ReturnType<typeof open_alert_system>>
const command = (silence_id: string, said: string, more: object) => ({
  ...{ _key: 't1', tenant_id: 't1', event_id: `${silence_id}${said}`, occurred_at: at(said) },
  ...{ command: 'silence', silence_id, matchers: { rule: 'x*' }, author: 'ann', ...more },
})
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('alerts', [
    alert_word('drop|a', '09:00', 1, '09:05', 'firing'),
    alert_word('drop|b', '09:00', 1, '09:05', 'firing'),
    alert_word('drop|b', '09:00', 2, '09:45', 'resolved'),
    alert_word('drop|p', '09:00', 1, '09:05', 'pending'),
    alert_word('premium_lead|l', '09:00', 1, '09:05', 'firing'),
  ])
  await served.fill('alert_commands', [
    command('deploy', '10:00', { ends_at: at('11:00'), comment: 'release' }),
    command('tonight', '10:00', { starts_at: at('20:00'), ends_at: at('23:00') }),
    command('past', '08:00', { ends_at: at('09:00') }),
  ])
})
afterAll(() => served.stop())
beforeEach(async () => {
  system = await open_alert_system(served.warehouse)
})
const said = () => system.written('alert_commands')

describe('acknowledgements', () => {
  const url = '/v1/alerts/acknowledgements'
  it('are written of an open alert', async () => {
    const body = { tenant_id: 't1', fingerprint: 'drop|a', author: 'Bo', comment: 'on it' }
    const answer = await system.ask('POST', url, body)
    expect([answer.status, answer.body.fingerprint]).toEqual([202, 'drop|a'])
    expect(await said()).toEqual([
      expect.objectContaining({
        ...body,
        command: 'acknowledge',
        event_id: answer.body.event_id,
        occurred_at: NOW,
        silence_id: null,
      }),
    ])
  })

  it.each([
    [{ fingerprint: 'drop|c', author: 'Bo' }, 404, 'fingerprint'],
    [{ fingerprint: 'drop|b', author: 'Bo' }, 409, 'fingerprint'],
    [{ fingerprint: 'drop|p', author: 'Bo' }, 409, 'fingerprint'],
    [{ fingerprint: 'premium_lead|l', author: 'Bo' }, 409, 'fingerprint'],
    [{ fingerprint: 'drop|a' }, 400, 'author'],
    [{ fingerprint: 'drop|a', author: '' }, 400, 'author'],
    [{ fingerprint: 'drop|a', author: 'Bo', until: 1 }, 400, 'until'],
    [{ author: 'Bo' }, 400, 'fingerprint'],
  ])('%j is refused with %i, naming %s', async (body, status, field) => {
    const answer = await system.ask('POST', url, { tenant_id: 't1', ...body })
    expect([answer.status, answer.body.field]).toEqual([status, field])
    expect(await said()).toEqual([])
  })
})

it('an acknowledgement waits for the warehouse to know an alert that has just fired', async () => {
  let asked = 0
  const query = async () => (++asked < 3 ? [] : [{ status: 'firing', open: true }])
  system = await open_alert_system({ health: async () => null, query: query as never })
  const body = { tenant_id: 't1', fingerprint: 'new', author: 'Bo' }
  expect((await system.ask('POST', '/v1/alerts/acknowledgements', body)).status).toBe(202)
  expect([asked, (await said()).length]).toEqual([3, 1])
})

describe('silences', () => {
  const url = '/v1/alerts/silences'
  const silence = { tenant_id: 't1', matchers: { rule: 'visits*', severity: 'low' }, author: 'Bo' }

  it('in force and to come are listed, those that are over when asked for', async () => {
    const listed = async (query: string) => {
      const { body } = await system.ask('GET', `${url}?tenant=t1${query}`)
      return body.silences.map((row: Record<string, unknown>) => [row.silence_id, row.state])
    }
    expect(await listed('')).toEqual([
      ['tonight', 'pending'],
      ['deploy', 'active'],
    ])
    expect(await listed('&state=expired')).toEqual([['past', 'expired']])
    const { body } = await system.ask('GET', `${url}?tenant=t1&state=active`)
    expect(body.silences[0]).toMatchObject({
      matchers: { rule: 'x*' },
      starts_at: at('10:00'),
      ends_at: at('11:00'),
      comment: 'release',
    })
  })

  it('are written with their ends, named or not', async () => {
    const first = await system.ask('POST', url, { ...silence, duration_ms: HOUR })
    expect(first.status).toBe(202)
    expect(first.body).toMatchObject({ ends_at: at('11:15'), starts_at: at('10:15'), author: 'Bo' })
    const named = { ...silence, silence_id: 'n', starts_at: at('12:00'), ends_at: at('13:00') }
    expect((await system.ask('POST', url, named)).body.silence_id).toBe('n')
    const rows = await said()
    expect(rows.map(row => [row.command, row.starts_at, row.ends_at])).toEqual([
      ['silence', NOW, NOW + HOUR],
      ['silence', Date.parse(at('12:00')), Date.parse(at('13:00'))],
    ])
    expect(rows[0]!.matchers).toEqual(silence.matchers)
    expect(rows[0]!.silence_id).toBe(first.body.silence_id)
  })

  it.each([
    [{ duration_ms: HOUR, ends_at: at('11:00') }, 'ends_at'],
    [{}, 'ends_at'],
    [{ ends_at: at('10:00') }, 'ends_at'],
    [{ starts_at: at('12:00'), ends_at: at('11:00') }, 'ends_at'],
    [{ ends_at: '2030-01-01T00:00:00Z' }, 'ends_at'],
    [{ ends_at: 'tomorrow' }, 'ends_at'],
    [{ duration_ms: -1 }, 'duration_ms'],
    [{ duration_ms: HOUR, matchers: {} }, 'matchers'],
    [{ duration_ms: HOUR, matchers: { colour: 'red' } }, 'matchers.colour'],
    [{ duration_ms: HOUR, matchers: { rule: '' } }, 'matchers.rule'],
    [{ duration_ms: HOUR, matchers: { rule: 7 } }, 'matchers.rule'],
    [{ duration_ms: HOUR, author: undefined }, 'author'],
    [{ duration_ms: HOUR, tenant_id: undefined }, 'tenant_id'],
  ])('%j is refused, naming %s', async (more, field) => {
    const answer = await system.ask('POST', url, { ...silence, ...more })
    expect([answer.status, answer.body.field]).toEqual([400, field])
    expect(await said()).toEqual([])
  })

  it('are taken back while they hold', async () => {
    const taken = await system.ask('DELETE', `${url}/deploy?tenant=t1&author=Bo`)
    expect([taken.status, taken.body]).toEqual([202, { silence_id: 'deploy', state: 'ended' }])
    expect(await said()).toEqual([
      expect.objectContaining({ command: 'unsilence', silence_id: 'deploy', author: 'Bo' }),
    ])
    expect((await system.ask('DELETE', `${url}/past?tenant=t1&author=Bo`)).status).toBe(409)
    expect((await system.ask('DELETE', `${url}/none?tenant=t1&author=Bo`)).status).toBe(404)
    expect((await system.ask('DELETE', `${url}/deploy?tenant=t1`)).body.field).toBe('author')
  })
})
