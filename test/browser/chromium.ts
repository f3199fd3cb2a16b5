/** Chromium for the tests: where it is, how it starts, and what a page did wrong. */
import { accessSync, constants, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const PATH = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'

/** Null: the suite runs. In CI it always does, and fails where there is no browser. */
export const reason_to_skip = (path: string, ci: boolean): string | null => {
  if (ci) return null
  try {
    accessSync(path, constants.X_OK)
    return null
  } catch {
    return `skipped: no Chromium at ${path} (apt-get install chromium, or set CHROMIUM_PATH)`
  }
}

const reason = reason_to_skip(PATH, process.env.CI === 'true')
if (reason) console.log(reason)
export const browser_present: boolean = reason === null

export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: PATH,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })

const pictures = process.env.SCREENSHOTS ?? mkdtempSync(join(tmpdir(), 'tributary-page-'))

/** Kept for people to look at; SCREENSHOTS names the folder. */
export const take_picture = async (page: Page, name: string): Promise<void> => {
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
}

export interface OpenPage {
  readonly page: Page
  /** Errors on the console and exceptions nobody caught. */
  readonly errors: string[]
  /** Requests to anywhere but the page's own origin. */
  readonly strangers: string[]
}

export const open_page = async (
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> => {
  const context = await browser.newContext({
    locale: 'en-US',
    viewport: { width: 1440, height: 1000 },
    ...options,
  })
  const page = await context.newPage()
  const errors: string[] = []
  const strangers: string[] = []
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text())
  })
  page.on('pageerror', error => errors.push(error.message))
  page.on('request', request => {
    if (!request.url().startsWith(new URL(url).origin)) strangers.push(request.url())
  })
  await page.goto(url)
  return { page, errors, strangers }
}

export const ready = (page: Page): Promise<unknown> => page.waitForSelector('body[data-state="ready"]')
