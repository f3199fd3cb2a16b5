import { expect, test } from 'vitest'
import { read_routes } from '../../../operators/alert/read-routes.ts'
import { routes } from './delivery-app.ts'

const good = {
  receivers: [
    { name: 'hook', channel: 'webhook', to: 'https://ops.example/hook', secret: 'OPS_1' },
    { name: 'chat', channel: 'slack', to: 'http://localhost:8080/x' },
    { name: 'mail', channel: 'email', to: 'duty@example.org' },
    { name: 'text', channel: 'sms', to: '+4915112345678' },
  ],
  routes: [
    {
      receivers: ['hook', 'chat'],
      matchers: { rule: 'revenue*' },
      group_by: ['rule', 'severity'],
      group_wait_ms: 0,
      group_interval_ms: 60_000,
      repeat_interval_ms: 3_600_000,
      mute_times: ['night'],
      continue: true,
    },
    { receivers: ['mail'] },
  ],
  mute_times: { night: { zone: 'Europe/Berlin', from: 22, to: 6, days: [1, 2, 3, 4, 5, 6, 7] } },
}

test('believes what makes sense, and remembers it beside the body', () => {
  const read = read_routes(good)
  expect(read).toEqual({ routes: good, problem: null })
  expect(read_routes(good)).toBe(read)
  expect(read_routes(routes()).problem).toBeNull()
})

const with_receiver = (more: object) => ({
  ...good,
  receivers: [{ ...good.receivers[0], ...more }],
  routes: [],
})
const with_route = (more: object) => ({ ...good, routes: [{ receivers: ['mail'], ...more }] })
const with_mute = (more: object) => ({
  ...good,
  mute_times: { night: { ...good.mute_times.night, ...more } },
})

test.each([
  [null, 'the entry must be an object'],
  [{ ...good, route: [] }, 'the entry has no field route'],
  [{ routes: [] }, 'receivers must be a list'],
  [{ ...good, receivers: Array.from({ length: 101 }, () => good.receivers[0]) }, 'at most 100'],
  [{ ...good, receivers: [good.receivers[0], good.receivers[0]], routes: [] }, 'names of their own'],
  [with_receiver({ name: 'a|b' }), 'receivers[0].name must not contain |'],
  [with_receiver({ name: '' }), 'receivers[0].name must be a text'],
  [with_receiver({ channel: 'pigeon' }), 'receivers[0].channel must be webhook, slack, email or sms'],
  [with_receiver({ channel: 'toString' }), 'receivers[0].channel must be'],
  [with_receiver({ to: 'ftp://example.org' }), 'receivers[0].to must begin with http:// or https://'],
  [with_receiver({ to: 'nowhere' }), 'receivers[0].to must be a URL'],
  [with_receiver({ to: 'https://a:b@example.org' }), 'receivers[0].to must not hold a password'],
  [with_receiver({ channel: 'email', to: 'a@b.c\r\nBcc: x@y.z' }), 'must be one mail address'],
  [with_receiver({ channel: 'email', to: 'a@b.c,d@e.f' }), 'must be one mail address'],
  [with_receiver({ channel: 'sms', to: '0151' }), 'must be a number like'],
  [with_receiver({ secret: 'a b' }), 'receivers[0].secret must be of letters'],
  [with_receiver({ token: 'x' }), 'receivers[0] has no field token'],
  [with_route({ receivers: ['nobody'] }), 'routes[0].receivers names nobody, which is no receiver'],
  [with_route({ matchers: { colour: 'red' } }), 'routes[0].matchers has no field colour'],
  [with_route({ matchers: { rule: 1 } }), 'routes[0].matchers.rule must be a text'],
  [with_route({ group_by: ['colour'] }), 'routes[0].group_by must be of rule, metric'],
  [with_route({ group_wait_ms: -1 }), 'routes[0].group_wait_ms must be a whole number from 0'],
  [with_route({ repeat_interval_ms: 0 }), 'routes[0].repeat_interval_ms must be a whole number from 1000'],
  [with_route({ mute_times: ['noon'] }), 'routes[0].mute_times names noon, which is no mute time'],
  [with_route({ continue: 'yes' }), 'routes[0].continue must be true or false'],
  [with_mute({ zone: 'Mars/Base' }), 'mute_times.night.zone must be a time zone'],
  [with_mute({ from: 25 }), 'mute_times.night.from must be an hour from 0 to 24'],
  [with_mute({ days: [0] }), 'mute_times.night.days must be of 1 (Monday) to 7'],
])('refuses %j', (body, problem) => {
  const read = read_routes(body)
  expect(read.routes).toBeNull()
  expect(read.problem).toContain(problem)
})
