/** alert_silence: given commands, the newest word on each silence. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { at } from './alert-rows.ts'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let served: Served
let offset = 0
const word = (silence_id: string, said: string, command: string, more: object = {}) => ({
  _key: 't1',
  _offset: offset++,
  tenant_id: 't1',
  event_id: `${silence_id}-${offset}`,
  occurred_at: at(said),
  command,
  silence_id,
  author: 'ann',
  ...more,
})
beforeAll(async () => {
  served = await serve_warehouse()
  const visits = { matchers: { rule: 'visits*' }, comment: 'deploy' }
  await served.fill('alert_commands', [
    word('plain', '10:00', 'silence', { ...visits, ends_at: at('11:00') }),
    word('later', '10:00', 'silence', { ...visits, starts_at: at('10:30'), ends_at: at('12:00') }),
    word('replaced', '10:00', 'silence', { ...visits, ends_at: at('10:10') }),
    word('replaced', '10:05', 'silence', { matchers: { metric: 'revenue' }, ends_at: at('12:00') }),
    word('taken back', '10:00', 'silence', { ...visits, ends_at: at('12:00') }),
    word('taken back', '10:20', 'unsilence', { author: 'bob' }),
    word('never said', '10:00', 'unsilence'),
    { ...word('', '10:00', 'acknowledge', { fingerprint: 'f' }), silence_id: null },
  ])
})
afterAll(() => served.stop())

const silences = async (as_of: string) => {
  const rows = await served.warehouse.query<Record<string, unknown>>(
    `SELECT * FROM alert_silence(as_of = {as_of:DateTime64(3, 'UTC')}) WHERE tenant_id = 't1' ORDER BY silence_id`,
    { as_of: `2026-01-05 ${as_of}:00.000` },
  )
  return new Map(rows.map(row => [row.silence_id, row]))
}
const states = async (as_of: string) =>
  Object.fromEntries([...(await silences(as_of))].map(([id, row]) => [id, row.state]))

it('is pending, active, expired or ended as of the moment', async () => {
  expect(await states('10:15')).toEqual({
    plain: 'active',
    later: 'pending',
    replaced: 'active',
    'taken back': 'active',
    'never said': 'ended',
  })
  expect(await states('11:00')).toMatchObject({ plain: 'expired', later: 'active', 'taken back': 'ended' })
  expect(await states('10:00')).toEqual({})
})

it('says of each the newest wish', async () => {
  const found = await silences('10:25')
  expect(found.get('replaced')).toMatchObject({ matchers: { metric: 'revenue' }, comment: '' })
  expect(found.get('later')).toEqual({
    tenant_id: 't1',
    silence_id: 'later',
    state: 'pending',
    matchers: { rule: 'visits*' },
    silence_starts_at: '2026-01-05 10:30:00.000',
    silence_ends_at: '2026-01-05 12:00:00.000',
    author: 'ann',
    comment: 'deploy',
    said_at: '2026-01-05 10:00:00.000',
  })
  expect(found.get('plain')).toMatchObject({ silence_starts_at: '2026-01-05 10:00:00.000' })
  expect(found.get('taken back')).toMatchObject({ author: 'bob', matchers: { rule: 'visits*' } })
  expect(found.get('never said')).toMatchObject({ silence_starts_at: null, silence_ends_at: null })
})
