/** The command that a newcomer pastes. */
import { describe, expect, it } from 'vitest'
import { first_command } from '../../dashboard/first-command.ts'

describe('first_command', () => {
  const about = { origin: 'http://h', currency: 'EUR', occurred_at: '2026-03-11T00:00:00Z', with_key: false }

  it('sends a payment of the tenant', () => {
    const text = first_command({ ...about, tenant: 'acme' })
    expect(text).toContain('curl -X POST http://h/v1/events/payments')
    expect(text).not.toContain('authorization')
    expect(JSON.parse(/-d '([^']*)'$/.exec(text)![1]!)).toMatchObject({ tenant_id: 'acme', currency: 'EUR' })
    expect(first_command({ ...about, tenant: 'acme', with_key: true })).toContain('Bearer YOUR-KEY')
  })

  it('lets no name out of its quotes: people paste this into a shell', () => {
    const text = first_command({ ...about, tenant: "x'; date #" })
    const quoted = text.slice(text.indexOf("-d '") + 3)
    // As a POSIX shell reads it: quoted pieces, with escaped quotes between them, and nothing else.
    expect(quoted).toMatch(/^('[^']*'|\\')+$/)
    const word = quoted.replace(
      /'([^']*)'|\\(')/g,
      (_, plain?: string, quote?: string) => plain ?? quote ?? '',
    )
    expect(JSON.parse(word).tenant_id).toBe("x'; date #")
  })
})
