/** The command as people run it: hashes and exit codes, one line for what is wrong. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { check_format } from '../../runtime/embedded/format.ts'
import { leads_system } from './replay/leads-system.ts'

const root = join(import.meta.dirname, '../..')
let dir: string
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tributary-replay-'))
  check_format(dir)
  const system = await leads_system(undefined, [], dir)
  await system.close(true)
  const policy = (name: string) =>
    writeFileSync(
      join(dir, `${name}.json`),
      JSON.stringify({ version: name, base: name, reason: 'built in' }),
    )
  policy('lead-0')
  policy('lead-1')
}, 60_000)
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }))

const run = (...args: string[]): Promise<{ code: number | null; out: string; err: string }> => {
  const child = spawn(process.execPath, [join(root, 'commands/replay.ts'), '--data-dir', dir, ...args], {
    cwd: dir,
    env: { PATH: process.env.PATH, HOME: dir },
  })
  const told = { out: '', err: '' }
  child.stdout.on('data', data => {
    told.out += data
  })
  child.stderr.on('data', data => {
    told.err += data
  })
  return new Promise(resolve => child.once('close', code => resolve({ code, ...told })))
}
/** A process takes seconds to begin on a busy machine. */
const WITHIN_MS = 60_000
const RANGE = ['--from', '2026-01-06', '--to', '2026-01-07T00:00:00Z']
const EMPTY = ['--from', '2020-01-01', '--to', '2020-01-02']

it(
  'live and replay agree by hash',
  async () => {
    const { code, out } = await run(...RANGE)
    expect(code).toBe(0)
    const [hash, again] = /^lead_scores +3 +3 +3 +0 +0 +0 +(\w{16}) +(\w{16})$/m.exec(out)?.slice(1) ?? []
    expect([hash, again]).toEqual([expect.any(String), hash])
    expect(out).toContain('live and replay agree by hash')
  },
  WITHIN_MS,
)

it(
  'prints what another policy would have made of the leads; of the same one, no difference',
  async () => {
    const other = await run(...RANGE, '--with', `lead-policy=${join(dir, 'lead-0.json')}`)
    expect(other).toMatchObject({ code: 0 })
    expect(other.out).toMatch(/^recorded → with lead-policy lead-0/m)
    expect(other.out).toMatch(/^by quality +currency/m)
    expect(other.out).toMatch(/^[123] of 3 leads changed: [123] their score/m)
    const same = await run(...RANGE, `--with=lead-policy=${join(dir, 'lead-1.json')}`, '--tenant', 'acme')
    expect(same.out).toContain(
      '0 of 3 leads changed: 0 their score, 0 their tier, 0 their first buyer, 0 its price',
    )
  },
  WITHIN_MS,
)

it.each([
  ['--from and --to are needed', 2, []],
  ['--from must be before --to', 2, ['--from', '2026-01-07', '--to', '2026-01-07']],
  ['lead-policy: nowhere.json does not exist', 2, [...RANGE, '--with', 'lead-policy=nowhere.json']],
  ['refused: no lead has an event in the range', 1, EMPTY],
  ['refused: no lead has an event in the range', 1, [...EMPTY, '--with', 'lead-policy=lead-1.json']],
  ['there is no data in', 1, [...RANGE, '--data-dir', 'nothing-here']],
])(
  'says in one line: %s',
  async (said, code, args) => {
    const ended = await run(...(args as string[]))
    expect(ended.code).toBe(code)
    const lines = ended.err.split('\n').filter(line => line !== '' && !line.startsWith('reading what is'))
    expect(lines).toEqual([expect.stringContaining(said)])
    expect(ended.out).toBe('')
  },
  WITHIN_MS,
)
