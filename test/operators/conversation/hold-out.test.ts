import { expect, it } from 'vitest'
import { is_held_out, share_of } from '../../../operators/conversation/hold-out.ts'

const ids = Array.from({ length: 20_000 }, (_, i) => `chat-${i}`)

it('the same conversation is always on the same side, and with a larger ratio stays held out', () => {
  const held = (ratio: number) =>
    ids.filter(id => is_held_out(id, 'fill_gaps', { held_out_ratio: { fill_gaps: ratio } }))
  expect(held(0.2)).toEqual(held(0.2))
  const more = new Set(held(0.3))
  for (const id of held(0.2)) expect(more.has(id)).toBe(true)
})

it('none at 0 or without a ratio, all at 1, the share in between', () => {
  const count = (held_out_ratio: object) =>
    ids.filter(id => is_held_out(id, 'create_urgency', { held_out_ratio })).length
  expect([count({}), count({ create_urgency: 0 }), count({ create_urgency: 1 })]).toEqual([0, 0, 20_000])
  // Binomial: 2,000 with a standard deviation of 42.
  expect(Math.abs(count({ create_urgency: 0.1 }) - 2000)).toBeLessThan(4 * 42)
})

it('rules are held out independently of each other', () => {
  const held_out_ratio = { create_urgency: 0.5, fill_gaps: 0.5 }
  const both = ids.filter(
    id =>
      is_held_out(id, 'create_urgency', { held_out_ratio }) &&
      is_held_out(id, 'fill_gaps', { held_out_ratio }),
  )
  // 5,000 with a standard deviation of 61.
  expect(Math.abs(both.length - 5000)).toBeLessThan(4 * 61)
})

it('shares are even: each tenth holds a tenth', () => {
  const tenths = Array.from({ length: 10 }, () => 0)
  for (const id of ids) tenths[Math.floor(share_of(id) * 10)]! += 1
  const chi2 = tenths.reduce((sum, n) => sum + (n - 2000) ** 2 / 2000, 0)
  // 0.999 quantile of chi-square with 9 degrees of freedom.
  expect(chi2).toBeLessThan(27.9)
})

it('never changes: another hash would move conversations to the other arm', () => {
  expect(['', 'fill_gaps|chat-1', 'create_urgency|chat_1234567890'].map(share_of)).toEqual([
    0.6689221884589642, 0.2593509051948786, 0.12576192035339773,
  ])
})
