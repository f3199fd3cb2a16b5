import { expect, test } from 'vitest'
import { group_key_of, is_matched, labels_of } from '../../../operators/alert/match-labels.ts'
import { alert } from './delivery-app.ts'

const labels = labels_of(alert(0, 'revenue_drop', { dimension: 'channel=google' }))

test('an alert is called by its rule, series, severity and fingerprint; what it has not is empty', () => {
  expect(labels).toEqual({
    rule: 'revenue_drop',
    metric: 'revenue',
    currency: 'EUR',
    dimension: 'channel=google',
    severity: 'medium',
    fingerprint: 'revenue_drop|revenue EUR|drop',
  })
  expect(labels_of(alert(0, 'x', { metric: null, currency: null }))).toMatchObject({
    metric: '',
    currency: '',
  })
})

test('all matchers hold; * stands for any ending, and for nothing else', () => {
  expect(is_matched({}, labels)).toBe(true)
  expect(is_matched({ rule: 'revenue_drop', severity: 'medium' }, labels)).toBe(true)
  expect(is_matched({ rule: 'revenue_drop', severity: 'high' }, labels)).toBe(false)
  expect(is_matched({ dimension: 'channel=*' }, labels)).toBe(true)
  expect(is_matched({ rule: '*' }, labels)).toBe(true)
  expect(is_matched({ rule: '*drop' }, labels)).toBe(false)
  expect(is_matched({ rule: 'revenue' }, labels)).toBe(false)
  expect(is_matched({ colour: '*' }, labels)).toBe(false)
})

test('a group’s key names its labels in one order, and is the beginning of no other', () => {
  expect(group_key_of({})).toBe('{}')
  expect(group_key_of({ severity: 'high', rule: 'a"b' })).toBe('{rule="a\\"b", severity="high"}')
})
