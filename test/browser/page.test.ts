/** The page with a tenant's numbers on it: complete, summing up, switchable, and nothing from anywhere else. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { money_format } from '../../dashboard/format.ts'
import type { Board } from '../../server/board/board.ts'
import { board_of, empty_board } from './board-data.ts'
import { browser_present, launch, open_page, ready, take_picture } from './chromium.ts'
import { type StubBoard, start_stub } from './stub-board.ts'

const money = money_format('EUR', 2, 'en-US')
const PANELS = [
  'Revenue',
  'Conversations',
  'Leads and prices',
  'Buyers',
  'Coaching and policies',
  'Channel credit',
  'Forecast',
  'Alerts',
  'Trust',
]

/** Minor units of a text like €1,234.56. */
const minor_of = (text: string): number => Number(text.replace(/[^\d-]/g, ''))
const cells = (page: Page, rows: string, column: number): Promise<string[]> =>
  page.locator(`${rows} > :nth-child(${column})`).allInnerTexts()
const value_of = (page: Page, panel: string, name: string): Promise<string> =>
  page.locator(`${panel} .figure:has(dt:text-is("${name}")) .value`).innerText()

describe.runIf(browser_present)('the page', () => {
  let browser: Browser
  let stub: StubBoard
  let board: Board
  beforeAll(async () => {
    browser = await launch()
    board = board_of('acme')
    stub = await start_stub({ boards: [board, board_of('northwind', 3), empty_board('newcomer')] })
  })
  afterAll(async () => {
    await browser?.close()
    await stub?.down()
  })
  const open = async (path = '/', options = {}) => {
    const opened = await open_page(browser, stub.url + path, options)
    await ready(opened.page)
    return opened
  }
  const clean = async ({ page, errors, strangers }: Awaited<ReturnType<typeof open>>) => {
    expect(errors).toEqual([])
    expect(strangers).toEqual([])
    await page.context().close()
  }

  it('shows every panel with what the board says', async () => {
    const opened = await open()
    const { page } = opened
    expect(await page.locator('h2:visible').allInnerTexts()).toEqual(PANELS)
    expect(await page.title()).toBe('(1) acme · Tributary')
    expect(await page.locator('#revenue-today').innerText()).toBe(money.full(board.revenue.today_minor))
    expect(await value_of(page, '#revenue', 'Month')).toBe(money.full(board.revenue.month_minor))
    expect(await page.locator('.versus').innerText()).toContain(
      money.full(board.revenue.yesterday_so_far_minor),
    )
    expect(await value_of(page, '#conversations', 'Active now')).toBe('37')
    expect(await page.locator('.tiers-list li strong').allInnerTexts()).toEqual(['41', '118', '96', '63'])
    expect(await page.locator('#conversations tbody tr').count()).toBe(8)
    expect(await value_of(page, '#leads', 'Sold today')).toBe('27')
    expect(await cells(page, '#leads tbody tr', 9)).toContain('€250.00 × 1.2 quality × 1.1 business hours')
    expect(await cells(page, '#buyers tbody tr', 3)).toEqual(['86%', '41%', 'paused'])
    expect(await cells(page, '#buyers tfoot tr', 5)).toEqual(['932'])
    expect(await page.locator('#coaching tbody tr').count()).toBe(6)
    expect((await cells(page, '#coaching tbody tr', 4)).slice(0, 2)).toEqual([
      '+12.3 points (+3.1 to +21.4): helps',
      'not measured',
    ])
    expect(await page.locator('.alert').count()).toBe(2)
    expect(await page.locator('.told').count()).toBe(4)
    expect(await page.locator('#trust .lines').innerText()).toContain('14 records')
    expect(await page.locator('.skeleton').count()).toBe(0)
    await take_picture(page, 'light')
    await clean(opened)
  })

  it('draws the charts', async () => {
    const opened = await open()
    const blank = await opened.page.evaluate(() =>
      [...document.querySelectorAll('canvas')].map(canvas => {
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
        return data.every(byte => byte === 0)
      }),
    )
    expect(blank).toEqual([false, false, false, false])
    await clean(opened)
  })

  it('says of every panel and figure how fresh it is and whether the books agree', async () => {
    const opened = await open()
    const { page } = opened
    for (const name of PANELS) {
      const marks = page.locator(`section:has(h2:text-is("${name}")) .marks`)
      expect(await marks.innerText()).toMatch(/(now|\d+ s ago)\s+✓\s+reconciled exactly/)
      expect(await marks.getAttribute('title')).toMatch(
        /^Asked at .* UTC, answered in \d+ ms; .* 17 checks at /,
      )
    }
    const figures = page.locator('.figure')
    const marked = page.locator('.figure .mark[data-kind="exact"]')
    expect(await marked.count()).toBe(await figures.count())
    const age = page.locator('#revenue .age')
    const before = await age.innerText()
    await expect.poll(() => age.innerText(), { timeout: 5000 }).not.toBe(before)
    await clean(opened)
  })

  it('shares the same money under every model, and says so', async () => {
    const opened = await open()
    const { page } = opened
    const seen = new Set<string>()
    for (const model of ['First touch', 'Last touch', 'Linear', 'Time decay', 'Position based']) {
      await page.locator('#channels').getByLabel(model, { exact: true }).check()
      const credits = (await cells(page, '#channels .scroll >> nth=0 >> tbody tr', 2)).map(minor_of)
      expect(credits.reduce((sum, credit) => sum + credit, 0)).toBe(board.channels.total_minor)
      expect(await page.locator('#channels tfoot').first().innerText()).toContain('= total')
      seen.add(credits.join())
    }
    expect(seen.size).toBe(5)
    await clean(opened)
  })

  it('says it when credits do not sum to the total', async () => {
    const wrong = board_of('wrong')
    stub.boards.set('wrong', {
      ...wrong,
      channels: { ...wrong.channels, total_minor: wrong.channels.total_minor + 1 },
    })
    const opened = await open('/?tenant=wrong')
    expect(await opened.page.locator('.sum-mark').innerText()).toContain('≠ €482,156.34')
    stub.boards.delete('wrong')
    await clean(opened)
  })

  it('starts with the mix of all methods and shows another when asked', async () => {
    const opened = await open()
    const { page } = opened
    const methods = board.forecast.methods
    expect(await value_of(page, '#forecast', 'Backtest error')).toBe('8.3%')
    expect(await value_of(page, '#forecast', 'Next full day')).toBe(
      money.whole(methods[0]!.days[0]!.value_minor),
    )
    await page.getByLabel(/^Linear regression/).check()
    expect(await value_of(page, '#forecast', 'Backtest error')).toBe('11.7%')
    expect(await value_of(page, '#forecast', 'Next full day')).toBe(
      money.whole(methods[1]!.days[0]!.value_minor),
    )
    await page.locator('#forecast summary').first().click()
    expect(await cells(page, '#forecast tbody tr', 2)).toContain(money.full(methods[1]!.days[0]!.value_minor))
    await clean(opened)
  })

  it('changes the tenant, and opens the same one again', async () => {
    const opened = await open()
    const { page } = opened
    await page.getByLabel('Tenant').selectOption('northwind')
    await page.waitForFunction(() => document.title.includes('northwind'))
    const other = stub.boards.get('northwind')!
    expect(await page.locator('#revenue-today').innerText()).toBe(money.full(other.revenue.today_minor))
    expect(page.url()).toContain('tenant=northwind')
    expect(await page.locator('#announce').innerText()).toBe('')
    await page.goto(stub.url)
    await page.waitForFunction(() => document.title.includes('northwind'))
    await clean(opened)
  })

  it('follows the system into the dark, and keeps what is chosen', async () => {
    const opened = await open('/', { colorScheme: 'dark' })
    const { page } = opened
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const dark = await ground()
    await take_picture(page, 'dark')
    await page.getByLabel('Light', { exact: true }).check()
    const light = await ground()
    expect(light).not.toBe(dark)
    await page.reload()
    await ready(page)
    expect([await ground(), await page.getByLabel('Light', { exact: true }).isChecked()]).toEqual([
      light,
      true,
    ])
    await page.getByLabel('Auto', { exact: true }).check()
    expect(await ground()).toBe(dark)
    await clean(opened)
  })

  it('tells a newcomer how to send the first payment', async () => {
    const opened = await open('/?tenant=newcomer')
    const { page } = opened
    const command = await page.locator('#empty-command').innerText()
    expect(command).toContain(`curl -X POST ${stub.url}/v1/events/payments`)
    const body = JSON.parse(/-d '([\s\S]*)'/.exec(command)![1]!) as Record<string, unknown>
    expect(body).toMatchObject({ tenant_id: 'newcomer', type: 'payment_succeeded', currency: 'EUR' })
    expect(await page.locator('.none:visible').count()).toBe(7)
    await take_picture(page, 'empty')
    await clean(opened)
  })

  it('waits for the first tenant of an empty system', async () => {
    const none = await start_stub({ boards: [] })
    const opened = await open_page(browser, none.url)
    const { page } = opened
    await page.getByRole('heading', { name: 'No payments yet' }).waitFor()
    none.boards.set('acme', board)
    await page.waitForSelector('#revenue-today')
    expect(await page.locator('#empty').isVisible()).toBe(false)
    await clean(opened)
    await none.down()
  })

  it('asks for the API key, says when it is wrong, and keeps it for the tab only', async () => {
    const locked = await start_stub({ boards: [board], key: 'secret' })
    const { page, strangers } = await open_page(browser, locked.url)
    const dialog = page.getByRole('dialog', { name: 'API key' })
    await dialog.waitFor()
    await page.getByLabel('Key', { exact: true }).fill('guess')
    await page.keyboard.press('Enter')
    await dialog.getByText('not known').waitFor()
    await page.getByLabel('Key', { exact: true }).fill('secret')
    await page.getByRole('button', { name: 'Open' }).click()
    await ready(page)
    await expect.poll(locked.streams).toBe(1)
    await page.reload()
    await ready(page)
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('secret')
    expect(strangers).toEqual([])
    await page.context().close()
    await locked.down()
  })
})
