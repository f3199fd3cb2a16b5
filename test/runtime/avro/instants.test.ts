/** Instants as text, held against Date where Date knows the form. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instant_ms } from '../../../runtime/avro/instants.ts'

describe('instants', () => {
  it('agree with Date', () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date('0001-01-01T00:00:00Z'),
          max: new Date('9999-12-31T23:59:59Z'),
          noInvalidDate: true,
        }),
        date => {
          expect(instant_ms(date.toISOString())).toBe(date.getTime())
        },
      ),
    )
  })
  it.each([
    ['2026-01-31T12:00:00+02:00', Date.UTC(2026, 0, 31, 10)],
    ['2026-01-31T12:00:00-0330', Date.UTC(2026, 0, 31, 15, 30)],
    ['2026-01-31T12:00+02', Date.UTC(2026, 0, 31, 10)],
    ['2026-01-31 12:00:00z', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31T12:00:00.5Z', Date.UTC(2026, 0, 31, 12, 0, 0, 500)],
    ['2026-01-31T12:00:00.123999Z', Date.UTC(2026, 0, 31, 12, 0, 0, 123)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['0099-01-01T00:00:00Z', new Date('0099-01-01T00:00:00Z').getTime()],
  ])('%s', (text, ms) => {
    expect(instant_ms(text)).toBe(ms)
  })
  it.each([
    '2026-01-31',
    '2026-01-31T12:00:00',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T12:60:00Z',
    '2026-01-31T12:00:60Z',
    '2026-01-31T12:00:00+24:00',
    '2026-01-31T12:00:00 UTC',
    '31.01.2026 12:00',
    '',
  ])('refuses %j', text => {
    expect(instant_ms(text)).toBeNull()
  })
})
