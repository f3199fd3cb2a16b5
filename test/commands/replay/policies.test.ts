/** Policies from files: what is no policy is told in one line; what is one stands in the catalog's place, and nothing else. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OtherCatalog, read_policies } from '../../../commands/replay/policies.ts'
import { CatalogView } from '../../../runtime/catalog.ts'
import { ConfigError } from '../../../runtime/config.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'tributary-policies-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const file = (text: string): string => {
  const path = join(dir, 'policy.json')
  writeFileSync(path, text)
  return path
}
const lead = { version: 'trial', base: 'lead-0', reason: 'try' }

describe('files', () => {
  it('are read with what they say', () => {
    const [policy] = read_policies([`lead-policy=${file(JSON.stringify(lead))}`])
    expect(policy).toMatchObject({ name: 'lead-policy', version: 'trial', body: lead })
  })

  it.each([
    ['lead-policy', '{', 'is no JSON object'],
    ['lead-policy', '[]', 'is no JSON object'],
    ['lead-policy', '{"base":"lead-1"}', 'has no version'],
    ['lead-policy', '{"version":"x","base":"lead-7"}', 'is not believed: base must be lead-0 or lead-1'],
    ['lead-policy', '{"version":"x","base":"lead-1","table":{"homeowner":-1}}', 'is not believed'],
    ['routing-policy', '{"version":"x"}', 'score must be v1 or v2'],
    ['routing-policy', '{"version":"x","score":"v1","table":3}', 'table must be an object'],
    [
      'routing-policy',
      '{"version":"x","score":"v2","table":{"atempts_max":1}}',
      'table.atempts_max: there is no',
    ],
    ['pricing-policy', '{"version":"x"}', 'table must be an object'],
    ['pricing-policy', '{"version":"x","table":{"weekned":80}}', 'table.weekned: there is no such name'],
    ['pricing-policy', '{"version":"x","table":{"surge":"2x"}}', 'table.surge must be a whole number'],
    ['pricing-policy', '{"version":"x","tabel":{},"table":{}}', 'tabel: there is no such name'],
  ])('%s %s is refused: %s', (name, text, said) => {
    const path = file(text)
    expect(() => read_policies([`${name}=${path}`])).toThrow(said)
    expect(() => read_policies([`${name}=${path}`])).toThrow(ConfigError)
  })

  it('that are not there, not named, or there twice, are told', () => {
    const path = file(JSON.stringify(lead))
    expect(() => read_policies([`lead-policy=${path}.not`])).toThrow('does not exist')
    expect(() => read_policies([path])).toThrow('--with: expected lead-policy=FILE')
    expect(() => read_policies(['constructor=x'])).toThrow('--with: expected lead-policy=FILE')
    expect(() => read_policies(['lead-policy='])).toThrow('--with: expected lead-policy=FILE')
    expect(() => read_policies([`lead-policy=${path}`, `lead-policy=${path}`])).toThrow('is given twice')
  })
})

describe('the other catalog', () => {
  const view = new CatalogView()
  const entry = { tenant_id: 'acme', kind: 'lead_policies', effective_at: 0, revision: 0 }
  view.add({ ...entry, id: 'acme', body: '{"version":"theirs"}' }, 0)
  view.add({ ...entry, id: 'acme|shadow', body: '{"version":"shadow"}' }, 1)
  view.add({ ...entry, kind: 'tenants', id: 'acme', body: '{"name":"Acme"}' }, 2)
  view.add({ ...entry, kind: 'imports', id: 'i', body: '{"state":"open","topic":"t","renewed_at":5}' }, 3)
  const policies = () => read_policies([`lead-policy=${file(JSON.stringify(lead))}`])
  const version = (catalog: CatalogView, id: string, tenant: string, at_ms: number) =>
    catalog.lookup('lead_policies', id, tenant, at_ms, 9)?.version

  it('has the policy from its instant on, for all tenants, by their name and by *', () => {
    const other = new OtherCatalog(view, policies(), { from_ms: 10, tenant: null })
    expect(version(other, 'acme', 'acme', 9)).toBe('theirs')
    expect(version(other, 'acme', 'acme', 10)).toBe('trial')
    expect(version(other, '*', 'zeta', 10)).toBe('trial')
    expect(version(other, 'acme|shadow', 'acme', 10)).toBe('shadow')
    expect(other.lookup('tenants', 'acme', 'acme', 10, 9)?.name).toBe('Acme')
    expect(other.lookup('tenants', 'acme', 'acme', 10, 2)).toBeUndefined()
    expect([other.import_open(6, 10), other.import_open(60, 10)]).toEqual([true, false])
  })

  it('for one tenant only leaves the others what they had', () => {
    const other = new OtherCatalog(view, policies(), { from_ms: 0, tenant: 'zeta' })
    expect([version(other, 'acme', 'acme', 1), version(other, 'zeta', 'zeta', 1)]).toEqual([
      'theirs',
      'trial',
    ])
  })
})
