import { expect, test } from 'vitest'
import { is_first, said_of } from '../../../operators/alert/hear-alert.ts'
import { alert, T } from './delivery-app.ts'

test('keeps what is told of an alert, and whether it is hidden', () => {
  const said = said_of(alert(0, 'revenue_drop', { event_id: 'e', silenced_by: 'night' }), ['g'])
  expect(said).toMatchObject({
    alert_id: 'e',
    rule: 'revenue_drop',
    hidden: true,
    ended_at: null,
    groups: ['g'],
  })
  expect(said).not.toHaveProperty('reason')
  expect(said_of(alert(0, 'x', { inhibited_by: 'y' }), []).hidden).toBe(true)
  expect(said_of(alert(5, 'x', { status: 'resolved' }), [])).toMatchObject({
    hidden: false,
    ended_at: T + 5000,
  })
})

test('a row that says something of an alert known before is not its first', () => {
  expect(['', 'fired', 'recurred', 'escalated'].every(reason => is_first(alert(0, 'x', { reason })))).toBe(
    true,
  )
  expect(['acknowledged', 'unsilenced'].some(reason => is_first(alert(0, 'x', { reason })))).toBe(false)
})
