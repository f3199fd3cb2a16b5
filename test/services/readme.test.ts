/**
 * README.md does what it says: its commands run in bash, in order, on an installation of their own, and print what it
 * shows.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { caught_up, Installation } from './installation.ts'
import { run_in_bash, shows, type Told, told_in } from './readme-blocks.ts'

const CHAPTER = 'One event, all the way'
const WITHIN_MS = 60_000
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
