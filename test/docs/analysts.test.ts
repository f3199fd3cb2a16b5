/** docs/ANALYSTS.md has a chapter of every view, with each parameter and each column, and invents none. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Served, serve_warehouse } from '../sql/served-warehouse.ts'
import { chapters, GUIDE } from './analysts-guide.ts'

const VIEWS = join(import.meta.dirname, '../../sql/views')
const views = readdirSync(VIEWS).map(file => basename(file, '.sql'))
const parameters_of = (view: string): string[] => {
  const text = readFileSync(join(VIEWS, `${view}.sql`), 'utf8')
  return [...new Set([...text.matchAll(/\{(\w+):/g)].map(match => match[1]!))]
}
/** As somebody reads it who asks: every instant is UTC, and how texts are kept changes no answer. */
const plain = (type: string): string =>
  type.replaceAll("DateTime64(3, 'UTC')", 'DateTime64(3)').replace(/LowCardinality\((\w+)\)/g, '$1')
const guide = readFileSync(GUIDE, 'utf8')
const by_view = new Map(chapters(guide).map(chapter => [chapter.view, chapter]))

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
}, 60_000)
afterAll(() => served.stop())

it('has a chapter for every view and for nothing else, and a line in the list of views', () => {
  expect([...by_view.keys()].sort()).toEqual(views.toSorted())
  const listed = [...guide.matchAll(/^\| \[`(\w+)`\]\(#(\w+)\) \| (.+) \|$/gm)]
  expect(listed.map(([, name]) => name!).sort()).toEqual(views.toSorted())
  for (const [, name, anchor, question] of listed) {
    expect(anchor).toBe(name)
    expect(guide).toContain(`## ${name}\n\n${question}\n`)
  }
})

describe.each(views)('%s', view => {
  const chapter = by_view.get(view)!

  it('says its parameters, and asks with each at the moment of the examples, not at now', () => {
    const taken = parameters_of(view).sort()
    const said = [...chapter.parameters.keys()]
    expect([...(taken.includes('as_of') ? ['as_of'] : []), ...said].sort()).toEqual(taken)
    expect([...chapter.call.matchAll(/(\w+) =/g)].map(match => match[1]!).sort()).toEqual(taken)
    for (const { query } of chapter.examples) expect(query).not.toMatch(/\b(now|now64|today)\(/)
    // What is decided as of the moment holds from then on.
    const second = view === 'quality_policy' ? '01' : '00'
    if (taken.includes('as_of')) expect(chapter.call).toContain(`as_of = '2026-06-01 00:00:${second}'`)
    for (const meaning of chapter.parameters.values()) expect(meaning).not.toBe('')
  })

  it('has every column with its type and what it means', async () => {
    const described = await served.warehouse.query<{ name: string; type: string }>(
      `DESCRIBE (SELECT * FROM ${chapter.call})`,
    )
    const said = chapter.columns.map(({ name, type }) => ({ name, type }))
    expect(said).toEqual(
      described.map(({ name, type }) => ({
        name,
        type: plain(type),
      })),
    )
    for (const { meaning } of chapter.columns) expect(meaning).not.toBe('')
  })
})
