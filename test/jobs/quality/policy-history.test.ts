import { expect, it } from 'vitest'
import { history_of } from '../../../jobs/quality/policy-history.ts'

/** An entry that its tenant, or somebody for all, wrote. */
const row = (id: string, effective_ms: number, version: string, more: object = {}) => ({
  ...{ tenant_id: id.split('|')[0], id, effective_ms },
  body: JSON.stringify({ version, base: 'lead-1', reason: 'because', ...more }),
})

it('without entries the built-in policy holds', () => {
  const { champion, before, shadow } = history_of('acme', [])
  expect([champion.body.version, before, shadow]).toEqual(['lead-1', null, null])
})

it('a tenant’s own goes before that of all; before it what held until then', () => {
  const rows = [
    row('*', 1, 'all-1'),
    row('acme', 3, 'mine-1'),
    row('*', 5, 'all-2'),
    row('other', 6, 'theirs'),
  ]
  const { champion, before, versions } = history_of('acme', rows)
  expect([champion.body.version, before?.body.version]).toEqual(['mine-1', 'all-1'])
  expect([...versions.keys()]).toEqual(['lead-0', 'all-1', 'mine-1', 'all-2'])
  expect(history_of('third', rows).champion.body.version).toBe('all-2')
})

it('the version before a promoted one is another version', () => {
  const rows = [row('acme', 1, 'a'), row('acme', 2, 'b'), row('acme', 3, 'b', { reason: 'again' })]
  expect(history_of('acme', rows).before?.body.version).toBe('a')
})

it('a shadow counts while it is younger than the champion', () => {
  const shadow = row('acme|shadow', 2, 'trial')
  expect(history_of('acme', [row('acme', 1, 'a'), shadow]).shadow?.body.version).toBe('trial')
  expect(history_of('acme', [shadow, row('acme', 2, 'trial')]).shadow).toBeNull()
})

it('leaves out what nobody would believe', () => {
  const rows = [
    { tenant_id: 'acme', id: 'acme', effective_ms: 1, body: 'no JSON' },
    row('acme', 2, 'wrong', { table: { weights: { base: 100 } } }),
  ]
  expect(history_of('acme', rows).champion.body.version).toBe('lead-1')
})

it('an entry of null takes back the tenant’s own, that of all, or the shadow', () => {
  const back = (id: string, effective_ms: number) => ({ ...row(id, effective_ms, ''), body: 'null' })
  const rows = [row('*', 1, 'all'), row('acme', 2, 'mine'), back('acme', 3)]
  const { champion, before, versions } = history_of('acme', rows)
  expect([champion.body.version, champion.effective_ms, before?.body.version]).toEqual(['all', 3, 'mine'])
  expect(versions.has('mine')).toBe(true)
  expect(history_of('acme', [...rows, back('*', 4)]).champion).toMatchObject({
    effective_ms: 4,
    body: { version: 'lead-1' },
  })
  const tried = [row('acme', 1, 'mine'), row('acme|shadow', 2, 'trial')]
  expect(history_of('acme', [...tried, back('acme|shadow', 3)]).shadow).toBeNull()
})

it('is told by the tenant itself or by who speaks for all, and by nobody else', () => {
  const by = (tenant_id: string, id: string, effective_ms: number, version: string) => ({
    ...row(id, effective_ms, version),
    tenant_id,
  })
  const rows = [
    by('*', '*', 1, 'all'),
    by('globex', '*', 2, 'theirs'),
    by('globex', 'acme', 3, 'theirs too'),
    by('globex', 'acme|shadow', 4, 'tried'),
  ]
  const { champion, shadow, versions } = history_of('acme', rows)
  expect([champion.body.version, shadow, [...versions.keys()]]).toEqual(['all', null, ['lead-0', 'all']])
  expect(history_of('globex', rows).champion.body.version).toBe('theirs')
  // Of one id the tenant's own word goes first, whichever is newer; what names the tenant goes before what names all.
  const own = [...rows, by('acme', '*', 5, 'mine'), by('*', '*', 6, 'all again')]
  expect(history_of('acme', own).champion.body.version).toBe('mine')
  expect(history_of('acme', [...own, by('*', 'acme', 7, 'for acme')]).champion.body.version).toBe('for acme')
  const tried = [by('*', 'acme|shadow', 8, 'of all'), by('acme', 'acme|shadow', 7, 'of ours')]
  expect(history_of('acme', tried).shadow?.body.version).toBe('of ours')
})
