import { expect, it } from 'vitest'
import {
  advice_titles,
  answered_by,
  default_conversation_policy,
  questions_by_fact,
} from '../../../operators/conversation/conversation-policy.ts'

it('has five rules, and asks what is worth most first', () => {
  expect(Object.keys(advice_titles)).toEqual([
    'handle_objection',
    'fill_gaps',
    'create_urgency',
    'raise_engagement',
    'show_credibility',
  ])
  expect(Object.keys(questions_by_fact).slice(0, 2)).toEqual(['homeowner_verified', 'bill_amount_minor'])
  for (const name of Object.keys(answered_by)) expect(questions_by_fact).toHaveProperty(name)
})

it('names no date, price or saving: such claims need a dated source', () => {
  for (const text of [...Object.values(advice_titles), ...Object.values(questions_by_fact)])
    expect(text).not.toMatch(/\d|%|\$|expire|tax|save/i)
})

it('the most urgent lead is fully urgent, not more', () => {
  const most = Object.values(default_conversation_policy.urgency).map(table =>
    Math.max(...Object.values(table)),
  )
  expect(most.reduce((a, b) => a + b, 0)).toBe(100)
})
