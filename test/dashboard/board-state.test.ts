/** What live events add to a board, and what they leave to the next one. */
import { describe, expect, it } from 'vitest'
import { with_alert, with_ledger, with_panels, with_price, with_score } from '../../dashboard/board-state.ts'
import { alert_row, board_of } from '../browser/board-data.ts'

const now = Date.UTC(2026, 2, 4, 13, 37, 21)
const board = board_of('acme', 7, now)
const at = (ms: number): string => new Date(ms).toISOString()
const moved = (over: object = {}) => ({ at: at(now - 1000), amount_minor: 1999, currency: 'EUR', ...over })

describe('with_ledger', () => {
  it('adds to the day, the hour, its bucket, the week and the month', () => {
    const { revenue } = with_ledger(board, moved(), now)
    const grown = (name: 'today_minor' | 'hour_minor' | 'week_minor' | 'month_minor') =>
      revenue[name] - board.revenue[name]
    expect([grown('today_minor'), grown('hour_minor'), grown('week_minor'), grown('month_minor')]).toEqual([
      1999, 1999, 1999, 1999,
    ])
    expect(revenue.payments_today).toBe(board.revenue.payments_today + 1)
    expect(revenue.hours[13]!.net_minor).toBe(board.revenue.hours[13]!.net_minor! + 1999)
    expect(revenue.minutes.at(-1)!.net_minor).toBe(board.revenue.minutes.at(-1)!.net_minor + 1999)
    expect(revenue.minutes.slice(0, -1)).toEqual(board.revenue.minutes.slice(0, -1))
  })

  it('takes a refund off and counts no payment', () => {
    const { revenue } = with_ledger(board, moved({ amount_minor: -500 }), now)
    expect(revenue.today_minor).toBe(board.revenue.today_minor - 500)
    expect(revenue.payments_today).toBe(board.revenue.payments_today)
  })

  it('counts what happened this morning today, and not in the last hour', () => {
    const { revenue } = with_ledger(board, moved({ at: at(now - 5 * 3_600_000) }), now)
    expect(revenue.today_minor).toBe(board.revenue.today_minor + 1999)
    expect(revenue.hour_minor).toBe(board.revenue.hour_minor)
  })

  it.each([
    ['another currency', moved({ currency: 'USD' }), now],
    ['yesterday', moved({ at: at(now - 86_400_000) }), now],
    ['a board of yesterday', moved({ at: at(now + 86_400_000) }), now + 86_400_000],
  ])('leaves %s to the next board', (_, event, when) => {
    expect(with_ledger(board, event, when)).toBe(board)
  })
})

describe('with_score and with_price', () => {
  const score = {
    customer_id: 'who',
    conversation_id: 'new',
    at: at(now),
    total_score: 91,
    quality_tier: 'premium',
  }

  it('puts a new conversation on top and keeps eight', () => {
    const { newest } = with_score(board, score).conversations
    expect(newest).toHaveLength(8)
    expect(newest[0]).toMatchObject({ ...score, price_minor: null })
    expect(newest.slice(1)).toEqual(board.conversations.newest.slice(0, 7))
  })

  it('scores a known conversation again without forgetting whose it is', () => {
    const { customer_id, conversation_id } = board.conversations.newest[3]!
    const { newest } = with_score(board, { ...score, customer_id, conversation_id }).conversations
    expect(newest).toHaveLength(8)
    expect(newest[0]).toMatchObject({ customer_id, total_score: 91 })
  })

  it('prices what is shown, in its own currency', () => {
    const { customer_id, conversation_id } = board.conversations.newest[2]!
    const price = { customer_id, conversation_id, at: at(now), price_minor: 777, currency: 'EUR' }
    expect(with_price(board, price).conversations.newest[2]!.price_minor).toBe(777)
    expect(with_price(board, { ...price, currency: 'USD' })).toBe(board)
  })

  it('takes the conversation of another customer for another one, whatever it is called', () => {
    const { conversation_id } = board.conversations.newest[2]!
    const { newest } = with_score(board, { ...score, conversation_id }).conversations
    expect(newest.slice(1)).toEqual(board.conversations.newest.slice(0, 7))
    const price = { customer_id: 'who', conversation_id, at: at(now), price_minor: 777, currency: 'EUR' }
    const priced = with_price(with_score(board, { ...score, conversation_id }), price).conversations.newest
    expect(priced.filter(({ price_minor }) => price_minor === 777)).toHaveLength(1)
  })
})

describe('with_alert', () => {
  const fresh = alert_row({ event_id: 'fresh' })
  const [first] = board.alerts.open

  it('counts a new one once, and shows it among the open ones', () => {
    const once = with_alert(board, fresh)
    expect([once.alerts.firing, once.alerts.rows[0]]).toEqual([board.alerts.firing + 1, fresh])
    expect(once.alerts.open.map(row => row.event_id)).toEqual(['fresh', 'alert-3', 'alert-2b'])
    expect(with_alert(once, fresh)).toBe(once)
  })

  it('puts the newest word on a trouble in the place of the one before', () => {
    const seen = { ...first!, event_id: 'seen', status: 'acknowledged' as const, acknowledged_by: 'Bo' }
    const { alerts } = with_alert(board, seen)
    expect([alerts.firing, alerts.open.length, alerts.open[0]]).toEqual([0, 2, seen])
    const worse = with_alert(board, { ...board.alerts.open[1]!, event_id: 'w', severity: 'critical' }).alerts
    expect([worse.firing, worse.open.map(row => row.event_id)]).toEqual([1, ['w', 'alert-3']])
  })

  it('shows a premium lead, which is no incident, without counting it', () => {
    const { alerts } = with_alert(board, { ...fresh, rule: 'premium_lead', severity: 'info' })
    expect([alerts.firing, alerts.open.length, alerts.rows[0]!.event_id]).toEqual([1, 2, 'fresh'])
  })

  it('counts down when one is resolved, once, and never below none', () => {
    const over = with_alert(board, { ...first!, event_id: 'over', status: 'resolved' })
    expect([over.alerts.firing, over.alerts.open.map(row => row.event_id)]).toEqual([0, ['alert-2b']])
    expect(with_alert(over, { ...first!, event_id: 'again', status: 'resolved' }).alerts.firing).toBe(0)
  })

  it('keeps thirty words and fifty troubles', () => {
    let many = board
    for (let n = 0; n < 60; n += 1) many = with_alert(many, alert_row({ event_id: `n${n}` }))
    expect([many.alerts.rows.length, many.alerts.rows[0]!.event_id]).toEqual([30, 'n59'])
    expect([many.alerts.open.length, many.alerts.firing]).toEqual([50, 61])
  })
})

describe('with_panels', () => {
  it('replaces what came, added or not, and leaves the rest as it is', () => {
    const next = with_panels(with_ledger(board, moved(), now), { revenue: board.revenue })
    expect(next.revenue).toBe(board.revenue)
    expect(next.alerts).toBe(board.alerts)
  })
  it('lets nothing else in', () => {
    expect(with_panels(board, { tenant_id: 'other' } as object)).toEqual(board)
  })
})
