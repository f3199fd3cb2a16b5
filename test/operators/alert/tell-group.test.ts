import { expect, test } from 'vitest'
import { said_of } from '../../../operators/alert/hear-alert.ts'
import { repeats_at, tell_group, wanted } from '../../../operators/alert/tell-group.ts'
import type { Alert, AlertGroup } from '../../../schemas/types.ts'
import { alert, T } from './delivery-app.ts'

const receiver = { name: 'ops', channel: 'webhook', to: 'https://ops.example' } as const
type Member = AlertGroup['members'][number]

const member = (rule: string, told_rank: number, escalated = false): Member => ({
  fingerprint: `${rule}|revenue EUR|drop`,
  told_rank,
  escalated,
})
const group = (members: Member[], more: Partial<AlertGroup> = {}): AlertGroup => ({
  receiver: 'ops',
  group_key: '{}',
  labels: {},
  group_wait_ms: 1,
  group_interval_ms: 2,
  repeat_interval_ms: 1000,
  mute_times: [],
  opened_ms: T,
  told_ms: T,
  sequence: 4,
  due_ms: T,
  members,
  ...more,
})
const said = (rule: string, more: Partial<Alert> = {}) => said_of(alert(0, rule, more), ['g'])

test('why a receiver should be told of an alert', () => {
  const over = said('a', { status: 'resolved', silenced_by: 'night' })
  expect(wanted(member('a', -1), said('a'))).toBe('new')
  expect(wanted(member('a', 2), said('a'))).toBeNull()
  expect(wanted(member('a', 1), said('a'))).toBe('changed')
  expect(wanted(member('a', 3), said('a'))).toBeNull()
  expect(wanted(member('a', 2, true), said('a'))).toBe('escalated')
  expect(wanted(member('a', -1), said('a', { inhibited_by: 'b' }))).toBeNull()
  expect(wanted(member('a', 2), over)).toBe('resolved')
  expect(wanted(member('a', -1), over)).toBeNull()
})

test('repeats what fires and is neither hidden nor acknowledged', () => {
  const at = (more: Partial<Alert>, rank = 2) =>
    repeats_at({ group: group([member('a', rank)]), alerts: [said('a', more)] })
  expect(at({})).toBe(T + 1000)
  for (const more of [{ status: 'acknowledged' }, { status: 'resolved' }, { silenced_by: 'x' }] as const)
    expect(at(more)).toBe(Number.POSITIVE_INFINITY)
  expect(at({}, -1)).toBe(Number.POSITIVE_INFINITY)
})

test('is not told as over while one that is silenced by now still fires', () => {
  const members = [member('a', 2), member('b', 2)]
  const alerts = [said('a', { status: 'resolved' }), said('b', { silenced_by: 'x' })]
  const {
    notification,
    group: next,
    left,
  } = tell_group({ group: group(members), alerts }, receiver, 'acme', T)
  expect(notification).toMatchObject({ reason: 'resolved', status: 'firing', sequence: 5, secret: null })
  expect(notification?.alerts.map(({ rule }) => rule)).toEqual(['a'])
  expect(next.members).toEqual([member('b', 2)])
  expect(left.map(({ rule }) => rule)).toEqual(['a'])
})

test('lists first what it is told for, then what is worst', () => {
  const members = [member('a', 3), member('b', 4), member('c', -1)]
  const alerts = [said('a', { severity: 'high' }), said('b', { severity: 'critical' }), said('c')]
  const { notification } = tell_group({ group: group(members), alerts }, receiver, 'acme', T)
  expect(notification?.alerts.map(({ rule, changed }) => [rule, changed])).toEqual([
    ['c', true],
    ['b', false],
    ['a', false],
  ])
})

test('tells nothing where nothing is to be told', () => {
  const told = tell_group({ group: group([member('a', 2)]), alerts: [said('a')] }, receiver, 'acme', T + 999)
  expect(told.notification).toBeNull()
  expect(told.left).toEqual([])
})
