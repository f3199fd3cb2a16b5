/** The panel of alerts: what is wrong, and what a person says to it, by mouse and by keyboard. */
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Board } from '../../server/board/board.ts'
import { alert_row, board_of } from './board-data.ts'
import { browser_present, launch, type OpenPage, open_page, ready, take_picture } from './chromium.ts'
import { type StubBoard, start_stub } from './stub-board.ts'

const now = (): string => new Date().toISOString()

describe.runIf(browser_present)('alerts on the page', () => {
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
  const item = (event_id: string) => opened.page.locator(`.alert[data-alert="${event_id}"]`)
  const author = () => opened.page.getByLabel('Your name')

  it('shows what is wrong, what it costs, what contributed and who keeps quiet about it', async () => {
    const { page } = opened
    expect(await page.locator('.alert').count()).toBe(2)
    const failing = await item('alert-3').innerText()
    expect(failing).toMatch(/High\s+firing\s+for 5 min/)
    expect(failing).toContain('€4,123.50 at risk · mostly method=card (82% of it)')
    expect(failing).toContain('recurred 2×')
    const seen = await item('alert-2b').innerText()
    expect(seen).toContain('acknowledged by Ann')
    expect(seen).toContain('explained by Feed stale')
    expect(await item('alert-2b').getByRole('button', { name: 'Acknowledge' }).isDisabled()).toBe(true)
    expect(await page.locator('#alerts .figure').innerText()).toMatch(/Firing\s+1[\s\S]*1 acknowledged/)
    expect(await page.locator('.told').count()).toBe(4)
    await take_picture(page, 'alerts-light')
    await page.getByLabel('Dark', { exact: true }).check()
    await take_picture(page, 'alerts-dark')
    expect(opened.errors).toEqual([])
  })

  it('acknowledges by name, which is asked once, and says when it is through', async () => {
    const { page } = opened
    const button = item('alert-3').getByRole('button', { name: 'Acknowledge' })
    await button.focus()
    await page.keyboard.press('Enter')
    await item('alert-3').getByText('Say who you are first.').waitFor()
    expect(await author().evaluate(element => element === document.activeElement)).toBe(true)
    await page.keyboard.type('Bo')
    await button.press('Space')
    await item('alert-3').getByText('Acknowledged; it is shown in a moment.').waitFor()
    const { fingerprint } = board.alerts.open[0]!
    expect(stub.said).toEqual([
      ['/v1/alerts/acknowledgements', { tenant_id: 'acme', author: 'Bo', fingerprint }],
    ])
    // Its next word takes its place, and the focus stays where it was.
    const word = { ...board.alerts.open[0]!, event_id: 'word', at: now(), reason: 'acknowledged' }
    stub.push('acme', 'alert', { ...word, status: 'acknowledged', acknowledged_by: 'Bo' })
    await item('word').getByText('acknowledged by Bo').waitFor()
    expect(await item('word').locator('.outcome').textContent()).toBe('')
    expect(await page.locator('#announce').innerText()).toBe('')
    await page.reload()
    await ready(page)
    expect(await author().inputValue()).toBe('Bo')
    expect(opened.errors).toEqual([])
  })

  it('silences for as long as is chosen, and says why it could not', async () => {
    await author().fill('Bo')
    stub.refuse('the alert is over already')
    await item('alert-3').getByRole('button', { name: 'Silence for 8 h' }).click()
    await item('alert-3').getByText('the alert is over already').waitFor()
    await take_picture(opened.page, 'alerts-refused')
    await item('alert-3').getByRole('button', { name: 'Silence for 24 h' }).click()
    await item('alert-3').getByText('Silenced for 24 h').waitFor()
    const { fingerprint } = board.alerts.open[0]!
    expect(stub.said).toEqual([
      [
        '/v1/alerts/silences',
        { tenant_id: 'acme', author: 'Bo', matchers: { fingerprint }, duration_ms: 86_400_000 },
      ],
    ])
    await stub.down()
    await item('alert-2b').getByRole('button', { name: 'Silence for 1 h' }).click()
    await item('alert-2b').getByText('The server does not answer; say it again.').waitFor()
    await stub.up()
  })

  it('keeps the focus while others come and go', async () => {
    const button = item('alert-2b').getByRole('button', { name: 'Silence for 1 h' })
    await button.focus()
    stub.push('acme', 'alert', alert_row({ event_id: 'worse', severity: 'critical', at: now() }))
    await item('worse').waitFor()
    stub.push('acme', 'board', {
      alerts: { ...board.alerts, asked_at: now(), open: board.alerts.open.slice(1) },
    })
    await expect.poll(() => opened.page.locator('.alert').count()).toBe(1)
    expect(await button.evaluate(element => element === document.activeElement)).toBe(true)
    const rows = board.alerts.rows.slice(0, 1)
    stub.push('acme', 'board', { alerts: { ...board.alerts, asked_at: now(), firing: 0, open: [], rows } })
    await opened.page.getByText('Nothing is wrong.').waitFor()
    expect(await author().isVisible()).toBe(false)
    expect(opened.errors).toEqual([])
  })

  it('shows another tenant’s alerts, and speaks for that tenant', async () => {
    const { page } = opened
    await author().fill('Bo')
    await page.getByLabel('Tenant').selectOption('other')
    await page.waitForFunction(() => document.title.includes('other'))
    await item('alert-3').getByRole('button', { name: 'Acknowledge' }).click()
    await expect.poll(() => stub.said.length).toBe(1)
    expect(stub.said[0]![1]).toMatchObject({ tenant_id: 'other' })
  })
})
