/** docs/VIEWS.md names every view with its parameters, and has a query of each. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import { ROOT, sql_blocks } from '../services/readme-blocks.ts'

const VIEWS = join(ROOT, 'sql/views')
const views = readdirSync(VIEWS).map(file => basename(file, '.sql'))
const parameters_of = (view: string): string[] => {
  const text = readFileSync(join(VIEWS, `${view}.sql`), 'utf8')
  return [...new Set([...text.matchAll(/\{(\w+):/g)].map(match => match[1]!))]
}
/** Cells of the table's rows, by view. */
const rows = new Map(
  readFileSync(join(ROOT, 'docs/VIEWS.md'), 'utf8')
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line => line.split('|').map(cell => cell.trim()))
    .map(([, name = '', answers = '', parameters = '', grain = '']) => [
      name.replaceAll('`', ''),
      { answers, parameters, grain },
    ]),
)

it('has a row for every view, and for nothing else', () => {
  expect([...rows.keys()].sort()).toEqual(views.toSorted())
  for (const { answers, grain } of rows.values()) expect([answers, grain]).not.toContain('')
})

it.each(views)('%s: says its parameters, and how to ask', view => {
  const said = [...rows.get(view)!.parameters.matchAll(/`(\w+)`/g)].map(match => match[1]!)
  expect(['as_of', ...said].sort()).toEqual(parameters_of(view).sort())
  const query = sql_blocks('docs/VIEWS.md').find(({ chapter }) => chapter === view)?.text ?? ''
  const given = /\w+\((.*)\)$/m.exec(query)?.[1] ?? ''
  expect([...given.matchAll(/(\w+) =/g)].map(match => match[1]!).sort()).toEqual(parameters_of(view).sort())
  expect(query).toContain(`FROM ${view}(`)
})
