import { expect, test } from 'vitest'
import { CatalogView } from '../../runtime/catalog.ts'

const entry = (id: string, effective_at: number, revision: number, body: object | null, tenant_id = '*') => ({
  tenant_id,
  kind: 'products',
  id,
  effective_at,
  revision,
  body: JSON.stringify(body),
})

test('the newest entry effective at the time, of the tenant before that of all', () => {
  const view = new CatalogView()
  view.add(entry('p', 100, 0, { name: 'old' }), 0)
  view.add(entry('p', 200, 0, { name: 'new' }), 1)
  view.add(entry('p', 200, 1, { name: 'corrected' }), 2)
  view.add(entry('p', 150, 0, { name: 'own' }, 'acme'), 3)
  const name = (tenant: string, at: number, offset = 10) =>
    view.lookup('products', 'p', tenant, at, offset)?.name
  expect([name('bo', 99), name('bo', 100), name('bo', 250)]).toEqual([undefined, 'old', 'corrected'])
  expect([name('acme', 149), name('acme', 250)]).toEqual(['old', 'own'])
})

test('an entry of null takes back what held before it, of its tenant or of all', () => {
  const view = new CatalogView()
  view.add(entry('p', 100, 0, { name: 'of all' }), 0)
  view.add(entry('p', 150, 0, { name: 'own' }, 'acme'), 1)
  view.add(entry('p', 200, 0, null, 'acme'), 2)
  view.add(entry('p', 300, 0, null), 3)
  const found = (at: number) => view.lookup('products', 'p', 'acme', at, 10)
  expect([found(199), found(200), found(300)]).toEqual([{ name: 'own' }, { name: 'of all' }, undefined])
})

test('what came later in the log is not seen by a batch that did not know it, also when it is back-dated', () => {
  const view = new CatalogView()
  view.add(entry('p', 100, 0, { name: 'first' }), 5)
  view.add(entry('p', 50, 0, { name: 'back-dated' }), 9)
  const name = (at: number, offset: number) => view.lookup('products', 'p', 'acme', at, offset)?.name
  expect([name(120, 5), name(120, 6), name(60, 9), name(60, 10)]).toEqual([
    undefined,
    'first',
    undefined,
    'back-dated',
  ])
})

test('the first body of an identity wins', () => {
  const view = new CatalogView()
  view.add(entry('p', 100, 0, { name: 'first' }), 0)
  view.add(entry('p', 100, 0, { name: 'second' }), 1)
  expect(view.lookup('products', 'p', 'acme', 100, 10)?.name).toBe('first')
})

test('a lease is open until it is closed or lapses, as of the entries a batch knew', () => {
  const view = new CatalogView()
  const lease = (state: string, renewed_at: number, revision: number) => ({
    tenant_id: '*',
    kind: 'imports',
    id: 'file',
    effective_at: 1000 + revision,
    revision,
    body: JSON.stringify({ state, topic: 'payments', renewed_at }),
  })
  view.add(lease('open', 1000, 1), 0)
  view.add(lease('closed', 2000, 2), 1)
  expect(view.import_open(1500, 10_000)).toBe(false)
  expect(view.import_open(1500, 10_000, 1)).toBe(true)
  expect(view.import_open(11_001, 10_000, 1)).toBe(false)
  expect(view.import_open(1500, 10_000, 0)).toBe(false)
})

test('reached() waits for the entries a recorded batch knew', async () => {
  const view = new CatalogView()
  const waiting = view.reached(3, new AbortController().signal).then(() => 'there')
  view.moved(2, 5)
  expect(await Promise.race([waiting, Promise.resolve('not yet')])).toBe('not yet')
  view.moved(3, 5)
  expect(await waiting).toBe('there')
  expect(view.at_end).toBe(false)
})
