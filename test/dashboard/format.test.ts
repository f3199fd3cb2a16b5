/** Money with the digits that the server says, ages, changes. */
import { describe, expect, it } from 'vitest'
import {
  age_text,
  change_text,
  money_format,
  points_text,
  return_ratio_text,
  words_text,
} from '../../dashboard/format.ts'

describe('money_format', () => {
  it.each([
    ['EUR', 2, 123456, '€1,234.56'],
    ['JPY', 0, 123456, '¥123,456'],
    ['KWD', 3, 123456, 'KWD\u00a0123.456'],
    ['EUR', 2, -5, '-€0.05'],
    ['EUR', 4, 123456, '€12.3456'],
    ['EUR', 2, 900_719_925_474_099, '€9,007,199,254,740.99'],
  ])('%s with %d digits', (currency, exponent, minor, text) => {
    const money = money_format(currency, exponent, 'en-US')
    expect(money.full(minor)).toBe(text)
    const { head, fraction, tail } = money.parts(minor)
    expect(head + fraction + tail).toBe(text)
  })

  it('keeps what stands behind the number', () => {
    const money = money_format('EUR', 2, 'de-DE')
    expect(money.parts(123456)).toEqual({ head: '1.234', fraction: ',56', tail: '\u00a0€' })
    expect(money.signed(100)).toBe('+1,00\u00a0€')
    expect(money.signed(0)).toBe('0,00\u00a0€')
  })

  it('shows the digits of a code that is none', () => {
    expect(money_format('points', 0, 'en-US').full(1999)).toBe('1,999')
  })
})

describe('age_text', () => {
  it.each([
    [-4000, 'now'],
    [999, 'now'],
    [1000, '1 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [7_199_999, '1 h'],
    [172_800_000, '2 d'],
  ])('%d ms is %s', (ms, text) => {
    expect(age_text(ms)).toBe(text)
  })
})

describe('words', () => {
  it('says how much more or less, unless there is nothing to compare with', () => {
    expect(change_text(110, 100)).toContain('10')
    expect(change_text(110, 0)).toBeNull()
  })
  it('gives a return one digit, and none from a hundred on', () => {
    expect([1, 12.34, 475.5].map(return_ratio_text).map(text => text.replace(',', '.'))).toEqual([
      '1.0',
      '12.3',
      '476',
    ])
  })
  it('makes words of names', () => {
    expect(words_text('position_based')).toBe('Position based')
    expect(words_text('')).toBe('')
  })
})

it('says differences of shares in points, with their sign', () => {
  expect([0.1234, -0.05, 0].map(points_text)).toEqual(['+12.3', '-5', '0'])
})
