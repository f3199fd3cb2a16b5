/** The requirement documents' own endpoints where many ask at once, and where the log or a decision does not come. */
import { describe, expect, it } from 'vitest'
import { FakeClock } from './fake-clock.ts'
import { memory_server } from './memory-ports.ts'

const CONVERSATION = '/api/v1/conversation/revenue-optimized'
const EXAMPLE = {
  message: "I'm interested in solar for my co-op in Manhattan",
  session_id: 'chat_1234567890',
}

describe('under load and in outages', () => {
  it('many who ask the same at once are one question, two queries at a time', async () => {
    let [asked, open, most] = [0, 0, 0]
    const query = (async () => {
      most = Math.max(most, ++open)
      asked++
      await new Promise(resolve => setImmediate(resolve))
      open--
      return []
    }) as never
    const { server: other } = await memory_server({ warehouse: { query, health: async () => null } })
    for (const path of ['/api/v1/revenue/dashboard', '/api/revenue/insights']) {
      asked = 0
      expect((await other.inject(path)).statusCode).toBe(200)
      const alone = asked
      asked = 0
      const answers = await Promise.all(Array.from({ length: 20 }, () => other.inject(path)))
      expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]))
      expect(asked).toBe(alone)
    }
    expect(most).toBe(2)
  })

  it('tenants apart, in the currency that each one uses', async () => {
    const query = (async (sql: string, { tenant }: { tenant: string }) =>
      sql.includes('AS said') ? [{ said: null, used: tenant === 'a' ? 'EUR' : 'JPY' }] : []) as never
    const { server: other } = await memory_server({ warehouse: { query, health: async () => null } })
    const [a, b] = await Promise.all(
      ['a', 'b'].map(tenant => other.inject(`/api/v1/revenue/dashboard?tenant=${tenant}`)),
    )
    expect([a?.json(), b?.json()]).toMatchObject([
      { tenant_id: 'a', currency: 'EUR' },
      { tenant_id: 'b', currency: 'JPY' },
    ])
  })

  it('a log out of reach is 503, a decision that does not come 504 with the id to send again', async () => {
    const clock = new FakeClock(Date.UTC(2026, 2, 11))
    const { server: other, deps } = await memory_server({ clock })
    const ask = () =>
      other.inject({ method: 'POST', url: CONVERSATION, payload: { ...EXAMPLE, event_id: 'm1' } })
    const waiting = ask()
    await expect.poll(() => clock.sleeping).toBeGreaterThan(1)
    await clock.advance(6000)
    const late = await waiting
    expect([late.statusCode, late.json().remedy]).toEqual([504, expect.stringContaining('"m1"')])
    deps.log.outage = 'broker gone'
    expect((await ask()).statusCode).toBe(503)
  })
})
