/**
 * README.md and docs/VIEWS.md do what they say: README's commands run in bash, in order, on an installation of their own,
 * and print what README shows; then every query of VIEWS.md has rows.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { caught_up, Installation } from './installation.ts'
import { run_in_bash, shows, sql_blocks, type Told, told_in } from './readme-blocks.ts'

const CHAPTER = 'One event, all the way'
const WITHIN_MS = 60_000
const MINUTE_MS = 60_000
const DAY_MS = 1440 * MINUTE_MS
const told = told_in('README.md', CHAPTER)

let installation: Installation
const scratch = mkdtempSync(join(tmpdir(), 'tributary-readme-'))

beforeAll(async () => {
  // An answer of 400 and above is a failure; no progress meter.
  writeFileSync(join(scratch, '.curlrc'), 'silent\nshow-error\nfail-with-body\n')
  installation = await Installation.embedded()
  await installation.start()
}, 120_000)
afterAll(async () => {
  await installation.close()
  rmSync(scratch, { recursive: true, force: true })
})

const sends = ({ text }: Told): boolean => text.includes('-X POST')

/** The commands as they stand but for host and port. A question is asked again until what it shows has come. */
const follow = async (commands: Told): Promise<void> => {
  const { text, shown } = commands
  const { http, clickhouse } = installation
  const here = text.replaceAll('http://127.0.0.1:8080', http).replaceAll('http://127.0.0.1:8123', clickhouse)
  const env = { ...process.env, CURL_HOME: scratch, HOME: scratch }
  const right = (output: string): boolean => shown === null || shows(output, shown)
  const deadline = Date.now() + WITHIN_MS
  for (;;) {
    const { output, errors, code } = await run_in_bash(here, env, right)
    if (code === 0 && right(output)) return
    if (code !== 0 || sends(commands) || Date.now() > deadline)
      throw new Error(`exit ${code}\n${text}\nprints\n${output}${errors}\nand not\n${shown?.text}`)
    await sleep(300)
  }
}

describe(`README, ${CHAPTER}`, () => {
  it('has commands that send and commands that ask, and shows what is printed', () => {
    expect(told.filter(sends).length).toBeGreaterThanOrEqual(3)
    expect(told.filter(each => !sends(each)).every(({ shown }) => shown !== null)).toBe(true)
  })

  it.each(told.map((commands, i) => [i + 1, commands.text.split('\n')[0]!, commands] as const))(
    'command %i: %s',
    async (_i, _line, commands) => {
      await follow(commands)
      if (sends(commands)) await caught_up(installation)
    },
  )

  it('counts a payment once when another body comes under its id', async () => {
    const pay = told.find(({ text }) => text.includes('"pay-1"'))!
    // Its time is of whole seconds.
    await sleep(1100)
    await follow(pay)
    await caught_up(installation)
    const rows = await installation.query("SELECT amount_minor FROM ledger FINAL WHERE event_id = 'pay-1'")
    expect(rows).toEqual([{ amount_minor: 1999 }])
    const letters = await installation.query(
      "SELECT DISTINCT reason FROM dead_letters FINAL WHERE topic = 'payments'",
    )
    expect(letters).toEqual([{ reason: 'CONFLICT' }])
  })

  it('links to a page that is there', async () => {
    const page = await fetch(`${installation.http}/?tenant=acme`)
    expect([page.status, await page.text()]).toEqual([
      200,
      expect.stringContaining('<title>Tributary</title>'),
    ])
  })
})

const post = async (path: string, body: unknown): Promise<void> => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(installation.http + path, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  expect(response.ok, await response.clone().text()).toBe(true)
}

/** What README's events leave unanswered: a lead to raise an alert, and days enough to foretell. */
const more_history = async (): Promise<void> => {
  const now_ms = Date.now()
  const payment = { tenant_id: 'acme', type: 'payment_succeeded', currency: 'USD', customer_id: 'c-3' }
  await post(
    '/v1/events/payments',
    Array.from({ length: 21 }, (_, i) => ({
      ...payment,
      event_id: `day-${i}`,
      occurred_at: now_ms - i * DAY_MS,
      amount_minor: 1000 + i,
    })),
  )
  const indexes = '{"adoption_index":1,"income_index":1,"supply_index":1,"season_index":1}'
  const market = { event_id: 'market', tenant_id: 'acme', occurred_at: 0, kind: 'markets', id: '11215' }
  await post('/v1/events/catalog', { ...market, effective_at: 0, body: indexes })
  const questions = [10, 8, 6, 4].map(ago => ({
    role: 'user',
    content: `What of question ${ago}?`,
    timestamp: now_ms - ago * MINUTE_MS,
    sentiment: 1,
    technical_question: true,
  }))
  await post('/api/v1/conversation/revenue-optimized', {
    tenant_id: 'acme',
    session_id: 'chat_2',
    message: 'A brownstone, as soon as possible',
    conversation_context: {
      homeowner_verified: true,
      bill_amount: 350,
      zip_code: '11215',
      credit_signal: 'good',
      decision_role: 'owner',
    },
    conversation_history: questions,
  })
}

describe('docs/VIEWS.md', () => {
  beforeAll(async () => {
    await more_history()
    await caught_up(installation)
  }, 120_000)

  it.each(sql_blocks('docs/VIEWS.md').map(({ chapter, text }) => [chapter, text] as const))(
    '%s has rows',
    async (view, text) => {
      expect(text).toContain(`${view}(`)
      const here = text.replaceAll(/'(komorebi|brightdesk|albasol)'/g, "'acme'")
      expect(here).toContain("'acme'")
      expect(await installation.query(here)).not.toEqual([])
    },
  )
})
