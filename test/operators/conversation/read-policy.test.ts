import fc from 'fast-check'
import { expect, it } from 'vitest'
import { default_conversation_policy as base } from '../../../operators/conversation/conversation-policy.ts'
import { policy_reader } from '../../../operators/conversation/read-policy.ts'

const read = policy_reader(base)
const table = (given: Record<string, unknown>, version: unknown = 'acme-2') => ({ version, table: given })

it('without an entry the built-in policy holds', () => {
  expect(read(undefined)).toEqual({ policy: base, problem: null })
})

it('an entry says what differs, under its own version', () => {
  const given = {
    min_duration_ms: 60_000,
    low_engagement: 0.2,
    next_questions: 1,
    claims: ['credit-2026'],
    claims_said: 2,
    held_out_ratio: { create_urgency: 0.1 },
    language: 'es',
    urgency: { install_timeline: { soon: 100 } },
  }
  expect(read(table(given))).toEqual({ policy: { ...base, ...given, version: 'acme-2' }, problem: null })
})

it('no entry, and one of null that takes an earlier one back, leave the built-in policy', () => {
  for (const body of [undefined, null]) expect(read(body)).toEqual({ policy: base, problem: null })
})

it('is read once per entry', () => {
  const body = table({ next_questions: 2 })
  expect(read(body)).toBe(read(body))
})

it.each<[problem: RegExp, body: unknown]>([
  [/object/, 'next_questions: 2'],
  [/object/, [1]],
  [/version/, table({}, '')],
  [/version/, table({}, 7)],
  [/table/, { version: 'x' }],
  [/table\.idle_ms/, table({ idle_ms: 1 })],
  [/table\.moods/, table({ moods: 2 })],
  [/table\.constructor/, table({ constructor: 1 })],
  [/table\.next_questions/, table({ next_questions: 2.5 })],
  [/table\.engaged_questions/, table({ engaged_questions: 0 })],
  [/table\.low_engagement/, table({ low_engagement: Number.NaN })],
  [/table\.low_urgency/, table({ low_urgency: '0.5' })],
  [/table\.language/, table({ language: 'ja' })],
  [/table\.language/, table({ language: 'toString' })],
  [/table\.claims/, table({ claims: 'credit-2026' })],
  [/table\.claims/, table({ claims: [7] })],
  [/table\.held_out_ratio/, table({ held_out_ratio: { create_urgency: 2 } })],
  [/table\.held_out_ratio/, table({ held_out_ratio: { be_nice: 0.1 } })],
  [/table\.urgency/, table({ urgency: { install_timeline: { soon: 1000 } } })],
  [/min_duration_ms/, table({ min_duration_ms: 2, max_duration_ms: 1 })],
])('a malformed entry is not believed at all: %s', (problem, body) => {
  const { policy, problem: named } = read(body)
  expect(policy).toBe(base)
  expect(named).toMatch(problem)
})

it('whatever an entry says, reading it throws nothing, and the policy is one to judge by', () => {
  const names = Object.keys(base)
  const any_table = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), fc.anything())
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.record({ version: fc.anything(), table: any_table })), body => {
      const { policy, problem } = read(body)
      if (problem !== null) expect(policy).toBe(base)
      expect(policy.engaged_questions).toBeGreaterThan(0)
      expect([policy.idle_ms, policy.moods]).toEqual([base.idle_ms, base.moods])
    }),
  )
})
