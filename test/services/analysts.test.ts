/**
 * docs/ANALYSTS.md does what it says: the demo is loaded up to the moment of its examples, jobs run as of it, commands print
 * what is shown, and every query gives what is printed, to the last digit. WRITE_EXAMPLES=1 writes the results anew.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chapters, GUIDE, with_results } from '../docs/analysts-guide.ts'
import { type Demo, demo_of_the_guide } from './analysts-demo.ts'
import { run_in_bash, sh_blocks, shows, told_in } from './readme-blocks.ts'

const writing = process.env.WRITE_EXAMPLES === '1'
const scratch = mkdtempSync(join(tmpdir(), 'tributary-analyst-'))
let demo: Demo

beforeAll(async () => {
  writeFileSync(join(scratch, '.curlrc'), 'silent\nshow-error\nfail-with-body\n')
  demo = await demo_of_the_guide()
}, 600_000)
afterAll(async () => {
  await demo?.close()
  rmSync(scratch, { recursive: true, force: true })
})

const run_here = async (text: string) => {
  const here = text
    .replaceAll('http://127.0.0.1:8123', demo.clickhouse)
    .replace('npm run export --', `node ${join(import.meta.dirname, '../../commands/export.ts')}`)
    .replace('--data-dir data/demo', `--data-dir ${demo.data_dir}`)
  const env = { ...process.env, CURL_HOME: scratch, HOME: scratch }
  return run_in_bash(`cd ${scratch}\n${here}`, env, () => false)
}

it('begins with the commands that these tests begin with', () => {
  const begin = sh_blocks('docs/ANALYSTS.md').filter(({ chapter }) => chapter === 'Begin')
  const commands = begin.map(({ text }) => text).join('')
  expect(commands).toContain('npm run demo -- --until 2026-06-01T00:00:00Z --no-live\n')
  expect(commands).toContain('npm run jobs -- --data-dir data/demo --as-of 2026-06-01T00:00:00Z\n')
})

describe('commands', () => {
  const told = ['Ask', 'Take it along'].flatMap(chapter => told_in('docs/ANALYSTS.md', chapter))

  it.each(told.map(commands => [commands.text.split('\n')[0]!, commands] as const))(
    '%s',
    async (_line, { text, shown }) => {
      const { output, errors, code } = await run_here(text)
      expect([code, errors]).toEqual([0, ''])
      if (shown) expect(shows(output, shown), output).toBe(true)
    },
  )

  it('leave files behind that hold the rows of the view', async () => {
    const csv = readFileSync(join(scratch, 'revenue.csv'), 'utf8').trim().split('\n')
    expect(csv).toHaveLength(22)
    const parquet = readFileSync(join(scratch, 'revenue.parquet'))
    expect([parquet.subarray(0, 4).toString(), parquet.subarray(-4).toString()]).toEqual(['PAR1', 'PAR1'])
  })
})

describe('examples', () => {
  const results = new Map<string, string>()

  const examples = chapters().flatMap(({ view, examples }) =>
    examples.map((example, i) => [`${view} ${i + 1}`, example] as const),
  )

  it.each(examples)('%s', async (_name, { query, shown }) => {
    const url = `${demo.clickhouse}/?user=analyst&default_format=PrettyCompactMonoBlock`
    const response = await fetch(url, { method: 'POST', body: query })
    const answer = (await response.text()).trimEnd()
    expect([response.status, answer]).toEqual([200, expect.not.stringContaining('Exception')])
    results.set(query, answer)
    if (writing) return
    expect(answer.split('\n')).toEqual(shown.split('\n'))
  })

  it('have rows, but for the models that three weeks cannot support and what nobody has set up', () => {
    const empty = examples.flatMap(([name, { shown }]) => (shown.includes('1. │') ? [] : [name]))
    expect(empty).toEqual(['segment_lifetime 1', 'alert_delivery 1', 'alert_silence 1'])
  })

  afterAll(() => {
    if (writing) writeFileSync(GUIDE, with_results(readFileSync(GUIDE, 'utf8'), results))
  })
})
