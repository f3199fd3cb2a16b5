/** The rules themselves, and that the shortcut for plain texts never accepts what the rule refuses. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cursor, ruled_text } from '../../../runtime/avro/cursor.ts'
import { described_rules, type Format, field_rules, violation } from '../../../runtime/avro/rules.ts'

const FORMATS: readonly Format[] = ['id', 'tenant', 'customer', 'currency', 'json']
const of = (format: Format) => field_rules({ name: 'x', format }, 'string')!

describe('rules', () => {
  it('are read from a field, money told apart', () => {
    expect(field_rules({ name: 'x' }, 'string')).toBeNull()
    expect(field_rules({ name: 'x_minor', minimum: 0 }, 'long')).toMatchObject({ reason: 'MONEY_INVALID' })
    expect(field_rules({ name: 'x', minimum: 0 }, 'long')).toMatchObject({ reason: 'INVALID' })
    expect(of('currency').reason).toBe('MONEY_INVALID')
  })
  it.each([
    [{ format: 'nope' }, 'string', /format "nope" is unknown/],
    [{ format: 'id' }, 'long', /not for long/],
    [{ minimum: '0' }, 'long', /minimum and maximum are numbers/],
    [{ maximum: 0 }, 'string', /not of string/],
  ])('that cannot hold are mistakes: %j of %s', (rules, kind, message) => {
    expect(() => field_rules({ name: 'x', ...rules }, kind)).toThrow(message)
  })
  it('take bounds as inclusive and NaN as outside', () => {
    const rules = field_rules({ name: 'x', minimum: -1, maximum: 1 }, 'double')!
    expect([-1, 0, 1].map(value => violation(rules, value))).toEqual([null, null, null])
    expect(violation(rules, -1.5)).toBe('is below -1: -1.5')
    expect(violation(rules, 1.5)).toBe('is above 1: 1.5')
    expect(violation(rules, Number.NaN)).toBe('is below -1: NaN')
  })
  it('are judged alike over text and over bytes', () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 300, size: 'max' }),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.constantFrom(
        'USD',
        'JPY',
        'XXX',
        '~a',
        'a|b',
        '',
        'x'.repeat(256),
        'x'.repeat(257),
        '\u007f',
        '{}',
        'ä\u0001',
      ),
    )
    fc.assert(
      fc.property(
        fc.constantFrom(...FORMATS),
        texts.filter(s => s.isWellFormed()),
        (format, text) => {
          const { read, check } = ruled_text(of(format))
          const bytes = Buffer.from(text)
          const wrong = violation(of(format), text)
          for (const judge of [read, check]) {
            cursor.broken = null
            const result = judge(bytes, 0, bytes.length, 'x')
            if (judge === read) expect(result).toBe(text)
            expect((cursor.broken as { detail: string } | null)?.detail).toBe(
              wrong === null ? undefined : `x ${wrong}`,
            )
          }
        },
      ),
      { numRuns: 500 },
    )
  })
  it('are described for every format', () => {
    for (const format of FORMATS) expect(Object.keys(described_rules(of(format))).length).toBeGreaterThan(0)
  })
})
