import { expect, test } from 'vitest'
import { said_of } from '../../../operators/alert/hear-alert.ts'
import { groups_of } from '../../../operators/alert/open-groups.ts'
import { hours, minutes, seconds } from '../../../schemas/units.ts'
import { alert, routes } from './delivery-app.ts'

const drop = said_of(alert(0, 'revenue_drop'), [])

test('Alertmanager’s waits where the route names none, one group per rule', () => {
  expect([...groups_of(drop, routes())]).toEqual([
    [
      'g|ops|{rule="revenue_drop"}',
      {
        receiver: 'ops',
        group_key: '{rule="revenue_drop"}',
        labels: { rule: 'revenue_drop' },
        group_wait_ms: seconds(30),
        group_interval_ms: minutes(5),
        repeat_interval_ms: hours(4),
        mute_times: [],
      },
    ],
  ])
})

test('the first route that matches, and those behind it while they say continue', () => {
  const all = routes(
    { matchers: { rule: 'visits*' } },
    { group_by: [], continue: true, group_wait_ms: 1 },
    { group_by: [], receivers: ['ops', 'mail'], group_wait_ms: 2 },
    { receivers: ['mail'], group_by: ['metric'] },
  )
  expect([...groups_of(drop, all)].map(([slot, { group_wait_ms }]) => [slot, group_wait_ms])).toEqual([
    ['g|ops|{}', 1],
    ['g|mail|{}', 2],
  ])
  expect(groups_of(drop, routes({ matchers: { rule: 'visits*' } })).size).toBe(0)
})
