/** The page while things happen: numbers that move, alerts that are announced, a server that goes and comes back. */
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { money_format } from '../../dashboard/format.ts'
import type { Board } from '../../server/board/board.ts'
import { alert_row, board_of } from './board-data.ts'
import { browser_present, launch, type OpenPage, open_page, ready, take_picture } from './chromium.ts'
import { type StubBoard, start_stub } from './stub-board.ts'

const money = money_format('EUR', 2, 'en-US')
const now = (): string => new Date().toISOString()

describe.runIf(browser_present)('the live page', () => {
  let browser: Browser
  let stub: StubBoard
  let board: Board
  let opened: OpenPage
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser?.close())
  beforeEach(async () => {
    board = board_of('acme')
    stub = await start_stub({ boards: [board, board_of('other', 5)] })
    opened = await open_page(browser, `${stub.url}/?tenant=acme`)
    await ready(opened.page)
    await expect.poll(stub.streams).toBe(1)
  })
  afterEach(async () => {
    await opened.page.context().close()
    await stub.down()
  })
  const today = () => opened.page.locator('#revenue-today').innerText()

  it('adds money as it is committed, until the next board says what it is', async () => {
    const before = board.revenue.today_minor
    stub.push('acme', 'ledger', { at: now(), amount_minor: 12_345, currency: 'EUR' })
    stub.push('acme', 'ledger', { at: now(), amount_minor: -345, currency: 'EUR' })
    stub.push('acme', 'ledger', { at: now(), amount_minor: 999_999, currency: 'USD' })
    stub.push('other', 'ledger', { at: now(), amount_minor: 777, currency: 'EUR' })
    await expect.poll(today).toBe(money.full(before + 12_000))
    expect(await opened.page.locator('.moved').innerText()).toMatch(/^\+€1(20\.00|23\.45)$|^-€3\.45$/)
    // Asked before any of it was in the tables: it is on its way, and the number does not fall.
    stub.push('acme', 'board', { revenue: { ...board.revenue, payments_today: 1, asked_at: now() } })
    await expect.poll(() => opened.page.locator('#revenue').innerText()).toMatch(/Payments today\s+2\s/)
    expect(await today()).toBe(money.full(before + 12_000))
    const asked = { ...board.revenue, today_minor: before + 5000, asked_at: now() }
    stub.push('acme', 'board', { revenue: asked })
    await expect.poll(today).toBe(money.full(before + 5000))
    expect(opened.errors).toEqual([])
  })

  it('lights new scores and prices up in the table', async () => {
    const { page } = opened
    stub.push('acme', 'score', {
      customer_id: 'somebody',
      conversation_id: 'new-1',
      at: now(),
      total_score: 91,
      quality_tier: 'premium',
    })
    const row = page.locator('tr[data-conversation="new-1"]')
    await row.waitFor()
    expect(await page.locator('#conversations tbody tr').first().innerText()).toMatch(
      /^somebody[\s\S]*91[\s\S]*Premium/,
    )
    expect(await row.getAttribute('class')).toContain('flash')
    const priced = { customer_id: 'somebody', conversation_id: 'new-1', at: now() }
    stub.push('acme', 'price', { ...priced, price_minor: 8_888, currency: 'EUR' })
    await row.getByText('€88.88').waitFor()
    expect(await page.locator('#conversations tbody tr').count()).toBe(8)
    expect(await page.locator('#conversations tbody tr.flash').count()).toBe(1)
    expect(opened.errors).toEqual([])
  })

  it('puts a new alert on top, counts it and announces it once', async () => {
    const { page } = opened
    const log = page.locator('#announce')
    expect([await log.getAttribute('aria-live'), await log.innerText()]).toEqual(['polite', ''])
    const alert = alert_row({
      event_id: 'fresh',
      at: now(),
      severity: 'critical',
      title: 'Revenue far below usual',
    })
    stub.push('acme', 'alert', alert)
    await page.locator('.alert.critical').waitFor()
    expect(await page.locator('.alert').first().innerText()).toMatch(/Critical\s+firing\s+(now|for 1 s)/)
    expect(await page.locator('.told').first().innerText()).toMatch(/Critical\s+fired\s+(now|1 s)/)
    expect(await log.innerText()).toBe('Critical alert firing: Revenue far below usual.')
    expect(await page.locator('#alerts .figure .value').innerText()).toBe('2')
    expect(await page.title()).toMatch(/^\(2\)/)
    const rows = [alert, ...board.alerts.rows]
    stub.push('acme', 'board', { alerts: { ...board.alerts, asked_at: now(), firing: 5, rows } })
    await expect.poll(() => page.title()).toMatch(/^\(5\)/)
    expect(await page.locator('.told').count()).toBe(5)
    expect((await log.innerText()).match(/Critical/g)).toHaveLength(1)
    await take_picture(page, 'alert')
    expect(opened.errors).toEqual([])
  })

  it('shows at once that the books differ, on every figure', async () => {
    const { page } = opened
    const reconciliation = {
      state: 'differs' as const,
      checked_at: now(),
      checks: 17,
      differences: ['ledger has 1,999 EUR more than the payments of 2026-03-04'],
    }
    stub.push('acme', 'board', { trust: { ...board.trust, asked_at: now(), reconciliation } })
    await page.locator('#recon-state[data-kind="differs"]').waitFor()
    expect(await page.locator('#trust .differences').innerText()).toBe(reconciliation.differences[0])
    expect(await page.locator('.figure .mark:not([data-kind="differs"])').count()).toBe(0)
    expect(await page.locator('.marks[data-kind="differs"]').count()).toBe(9)
    await take_picture(page, 'differs')
  })

  it('says that the server is away, keeps its numbers, and catches up when it is back', async () => {
    const { page } = opened
    const shown = await today()
    await stub.down()
    const state = page.locator('#live-state')
    await expect.poll(() => state.innerText()).toMatch(/reconnecting in \d+ s, numbers .* old/)
    expect(await page.locator('#banner').innerText()).toMatch(/No live connection: .* reconnects by itself/)
    expect(await today()).toBe(shown)
    await take_picture(page, 'away')
    const later = { ...board.revenue, today_minor: board.revenue.today_minor + 4242, asked_at: now() }
    stub.boards.set('acme', { ...board, revenue: later })
    await stub.up()
    await expect.poll(today, { timeout: 20_000 }).toBe(money.full(later.today_minor))
    await expect.poll(() => state.innerText()).toBe('live')
    expect(await page.locator('#banner').isVisible()).toBe(false)
    stub.push('acme', 'ledger', { at: now(), amount_minor: 1, currency: 'EUR' })
    await expect.poll(today).toBe(money.full(later.today_minor + 1))
  })

  it('comes up by itself when the server was away from the start', async () => {
    const late = await start_stub({ boards: [board] })
    const { page } = await open_page(browser, late.url)
    await ready(page)
    await page.route('**/v1/**', route => route.abort())
    await page.reload()
    await page.locator('body[data-state="error"]').waitFor()
    expect(await page.locator('#banner').innerText()).toContain('the server does not answer')
    expect(await page.locator('.skeleton').count()).toBeGreaterThan(0)
    await page.unroute('**/v1/**')
    await ready(page)
    await page.context().close()
    await late.down()
  })

  it('calls numbers old that nobody has asked anew for long', async () => {
    const { page } = opened
    const old = { ...board.revenue, asked_at: new Date(Date.now() - 300_000).toISOString() }
    stub.push('acme', 'board', { revenue: old })
    await page.locator('#revenue .marks.old').waitFor()
    await expect.poll(() => page.locator('#live-state').innerText()).toMatch(/^stale, numbers 5 min old$/)
    expect(await page.locator('.marks.old').count()).toBe(1)
  })
})
