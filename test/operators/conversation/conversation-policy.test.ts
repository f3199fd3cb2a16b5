import { expect, it } from 'vitest'
import {
  ASKED,
  advice_titles,
  default_conversation_policy,
} from '../../../operators/conversation/conversation-policy.ts'

it('has five rules, and asks what is worth most first', () => {
  expect(Object.keys(advice_titles)).toEqual([
    'handle_objection',
    'fill_gaps',
    'create_urgency',
    'raise_engagement',
    'show_credibility',
  ])
  expect(ASKED.slice(0, 2)).toEqual(['homeowner_verified', 'bill_amount_minor'])
})

it('titles name no date, price or saving: such claims need a dated source', () => {
  for (const text of Object.values(advice_titles)) expect(text).not.toMatch(/\d|%|\$|expire|tax|save/i)
})

it('a conversation is meant to last from five minutes to half an hour', () => {
  const { min_duration_ms, max_duration_ms } = default_conversation_policy
  expect([min_duration_ms, max_duration_ms]).toEqual([300_000, 1_800_000])
})

it('nothing is held back, and no claim is said, unless somebody decides so', () => {
  expect(default_conversation_policy).toMatchObject({ claims: [], held_out_ratio: {}, language: 'en' })
})

it('the most urgent lead is fully urgent, not more', () => {
  const most = Object.values(default_conversation_policy.urgency).map(table =>
    Math.max(...Object.values(table)),
  )
  expect(most.reduce((a, b) => a + b, 0)).toBe(100)
})
