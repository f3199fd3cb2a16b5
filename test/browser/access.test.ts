/** The page for everybody: names, landmarks, contrast, keyboard, small screens, no motion. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { low_contrasts, unnamed_parts } from './access-checks.ts'
import { board_of, empty_board } from './board-data.ts'
import { browser_present, launch, open_page, ready, take_picture } from './chromium.ts'
import { type StubBoard, start_stub } from './stub-board.ts'

describe.runIf(browser_present)('the page for everybody', () => {
  let browser: Browser
  let stub: StubBoard
  beforeAll(async () => {
    browser = await launch()
    const board = board_of('acme')
    const { reconciliation } = board.trust
    const differs = {
      ...reconciliation,
      state: 'differs' as const,
      differences: ['ledger: one row too many'],
    }
    const troubled = { ...board, tenant_id: 'troubled', trust: { ...board.trust, reconciliation: differs } }
    stub = await start_stub({ boards: [board, empty_board('newcomer'), troubled] })
  })
  afterAll(async () => {
    await browser?.close()
    await stub?.down()
  })
  const open = async (path: string, options = {}): Promise<Page> => {
    const { page } = await open_page(browser, stub.url + path, options)
    await ready(page)
    // Everything that can be folded out is looked at too.
    await page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true
    })
    return page
  }

  it.each(['/?tenant=acme', '/?tenant=newcomer'])('%s has landmarks, headings and names', async path => {
    const page = await open(path)
    for (const role of ['banner', 'main', 'contentinfo', 'complementary'] as const)
      expect([role, await page.getByRole(role).count()]).toEqual([role, 1])
    expect(await page.getByRole('heading', { level: 1 }).allInnerTexts()).toEqual(['Tributary'])
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
    expect(await page.evaluate(unnamed_parts)).toEqual([])
    await page.context().close()
  })

  it.each([
    ['light', '/?tenant=acme'],
    ['dark', '/?tenant=acme'],
    ['light', '/?tenant=troubled'],
    ['dark', '/?tenant=troubled'],
    ['light', '/?tenant=newcomer'],
    ['dark', '/?tenant=newcomer'],
  ] as const)('has contrast in the %s, %s', async (colorScheme, path) => {
    const page = await open(path, { colorScheme, reducedMotion: 'reduce' })
    expect(await page.evaluate(low_contrasts)).toEqual([])
    // Numbers of a server that is away are paler; its tick cannot come between, the clock stands.
    await page.clock.pauseAt(Date.now() + 3_600_000)
    await page.evaluate(() => document.body.classList.add('old'))
    expect(await page.evaluate(low_contrasts)).toEqual([])
    await page.context().close()
  })

  it('notices what it is there to notice', async () => {
    const page = await open('/')
    await page.evaluate(() => {
      const note = document.querySelector<HTMLElement>('.foot p')!
      note.style.color = '#bbb'
      document.querySelector('#conversations caption')!.remove()
      document.querySelector('canvas')!.removeAttribute('aria-label')
      document.querySelector('main')!.append(document.createElement('button'))
    })
    expect(await page.evaluate(low_contrasts)).toHaveLength(1)
    expect(await page.evaluate(unnamed_parts)).toEqual([
      'button has no name',
      'canvas has no name',
      'table has no caption',
    ])
    await page.context().close()
  })

  it('is walked by keyboard, in order, with the focus seen', async () => {
    const { page } = await open_page(browser, `${stub.url}/?tenant=acme`)
    await ready(page)
    const stops: string[] = []
    for (let n = 0; n < 40; n += 1) {
      await page.keyboard.press('Tab')
      const stop = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement
        if (element === document.body) return null
        // A radio button is drawn by the text beside it.
        const drawn = element.matches('input[type=radio]') ? element.nextElementSibling! : element
        const { outlineStyle, outlineWidth } = getComputedStyle(drawn)
        const seen = outlineStyle !== 'none' && outlineWidth !== '0px'
        const place = element.closest('section')?.id ?? 'head'
        const what = element.getAttribute('name') ?? element.tagName.toLowerCase()
        return `${place} ${what}${seen ? '' : ' UNSEEN'}`
      })
      if (stop === null) break
      stops.push(stop)
    }
    expect(stops.filter(stop => stop.endsWith('UNSEEN'))).toEqual([])
    const places = [...new Set(stops.map(stop => stop.split(' ')[0]))]
    expect(places).toEqual([
      'head',
      'revenue',
      'conversations',
      'leads',
      'buyers',
      'coaching',
      'channels',
      'forecast',
      'alerts',
      'trust',
    ])
    for (const stop of ['head select', 'head theme', 'channels model', 'forecast method', 'revenue summary'])
      expect(stops).toContain(stop)
    await page.locator('input[name=model]:checked').focus()
    await page.keyboard.press('ArrowLeft')
    expect(await page.locator('#channels caption').first().textContent()).toContain('Time decay')
    await page.keyboard.press('ArrowLeft')
    expect(await page.locator('#channels caption').first().textContent()).toContain('Linear')
    await page.locator('#forecast summary').first().focus()
    await page.keyboard.press('Enter')
    expect(await page.getByRole('table', { name: /^Expected net revenue/ }).isVisible()).toBe(true)
    await page.context().close()
  })

  it('skips to the numbers', async () => {
    const { page } = await open_page(browser, `${stub.url}/?tenant=acme`)
    await ready(page)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main')
    await page.context().close()
  })

  it.each([
    [400, '/?tenant=acme'],
    [400, '/?tenant=newcomer'],
    [820, '/?tenant=acme'],
    [1180, '/?tenant=troubled'],
    [1440, '/?tenant=acme'],
  ])('fits %d px without sideways scrolling, %s', async (width, path) => {
    const page = await open(path, { viewport: { width, height: 900 } })
    const { scroll, inner } = await page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      inner: innerWidth,
    }))
    expect(scroll).toBe(inner)
    if (path.endsWith('acme')) {
      await page.evaluate(() => {
        for (const details of document.querySelectorAll('details')) details.open = false
      })
      await take_picture(page, `width-${width}`)
    }
    await page.context().close()
  })

  it('does not move for those who do not want it', async () => {
    const page = await open('/', { reducedMotion: 'reduce' })
    stub.push('acme', 'ledger', { at: new Date().toISOString(), amount_minor: 5, currency: 'EUR' })
    await page.locator('.moved.flash').waitFor()
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0)
    await page.context().close()
  })
})
