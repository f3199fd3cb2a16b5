/** Who is told, over HTTP: kept as a whole, believed as a whole, nothing lost. */
import { expect, it } from 'vitest'
import { open_alert_system } from './alert-system.ts'

const away = { health: async () => null, query: async () => [] }
const url = '/v1/alerts/routes?tenant=t1'
const routes = {
  receivers: [{ name: 'ops', channel: 'webhook', to: 'https://example.org/hook', secret: 'OPS' }],
  routes: [{ receivers: ['ops'], matchers: { severity: 'critical' }, group_by: ['rule'] }],
}

it('are kept and read back, with their revision', async () => {
  const { ask, written } = await open_alert_system(away)
  expect((await ask('GET', url)).body).toEqual({ receivers: [], routes: [], mute_times: {}, revision: 0 })
  const put = await ask('PUT', url, routes)
  expect([put.status, put.body.revision]).toEqual([200, 1])
  expect((await ask('GET', url)).body).toMatchObject({ ...routes, revision: 1 })
  const [entry] = await written('catalog')
  expect(entry).toMatchObject({ tenant_id: 't1', kind: 'alert_routes', id: 't1', revision: 1 })
  expect(JSON.parse(String(entry!.body))).toMatchObject(routes)
})

it('are those for all where the tenant has none of its own', async () => {
  const { ask } = await open_alert_system(away)
  const row = {
    event_id: 'e',
    tenant_id: '*',
    occurred_at: 1,
    kind: 'alert_routes',
    id: '*',
    effective_at: 1,
  }
  const sent = await ask('POST', '/v1/events/catalog', { ...row, body: JSON.stringify(routes) })
  expect(sent.status).toBe(202)
  expect((await ask('GET', url)).body).toMatchObject({ ...routes, revision: 0 })
  await ask('PUT', url, { receivers: [], routes: [] })
  expect((await ask('GET', url)).body).toMatchObject({ receivers: [], revision: 1 })
})

it.each([
  [{ ...routes, receivers: [{ name: 'ops', channel: 'pigeon', to: 'x' }] }, 'receivers[0].channel'],
  [{ ...routes, routes: [{ receivers: ['nobody'] }] }, 'routes[0].receivers'],
  [{ receivers: [] }, 'routes'],
  [[], undefined],
])('%j is refused, naming %s', async (body, field) => {
  const { ask, written } = await open_alert_system(away)
  const answer = await ask('PUT', url, body)
  expect([answer.status, answer.body.field]).toEqual([400, field])
  expect(await written('catalog')).toEqual([])
})

it('are refused on top of what was not read', async () => {
  const { ask } = await open_alert_system(away)
  await ask('PUT', url, routes)
  const late = await ask('PUT', `${url}&revision=0`, routes)
  expect([late.status, late.body.error, late.body.field]).toEqual([409, 'CONFLICT', 'revision'])
  expect((await ask('PUT', `${url}&revision=1`, routes)).body.revision).toBe(2)
})
