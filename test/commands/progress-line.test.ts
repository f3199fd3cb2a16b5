/** Progress: drawn over on a terminal, sparse plain lines elsewhere. */
import { expect, it } from 'vitest'
import { create_progress_line } from '../../commands/progress-line.ts'

const make = (isTTY: boolean) => {
  let now = 0
  let text = ''
  const out = {
    isTTY,
    columns: 120,
    write: (more: string) => {
      text += more
    },
  }
  return {
    line: create_progress_line(out, () => now),
    pass: (ms: number) => {
      now += ms
    },
    text: () => text,
  }
}

it('draws on a terminal, with rate and time left, and keeps lines that stay', () => {
  const { line, pass, text } = make(true)
  line.show('sending', 0, 4000, 'rows')
  pass(1000)
  line.show('sending', 1000, 4000, 'rows')
  expect(text()).toContain('25 %  1,000 of 4,000 rows, 1,000/s, 3 s left')
  line.show('sending', 1001, 4000, 'rows')
  expect(text()).not.toContain('1,001')
  line.show('sending', 4000, 4000, 'rows')
  expect(text()).toContain('100 %')
  line.end()
  expect(text().endsWith('\n')).toBe(true)
})

it('writes whole lines now and then where there is no terminal', () => {
  const { line, pass, text } = make(false)
  for (let i = 0; i < 100; i++) {
    line.show('sending', i, 100, 'rows')
    pass(100)
  }
  expect(text().split('\n').length).toBe(2)
  expect(text()).not.toContain('\r')
})
