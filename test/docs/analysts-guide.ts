/** docs/ANALYSTS.md taken apart: of every view its parameters, columns, example queries and the results that are shown. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const GUIDE = join(import.meta.dirname, '../../docs/ANALYSTS.md')

export interface Column {
  readonly name: string
  readonly type: string
  readonly meaning: string
}

export interface Chapter {
  readonly view: string
  /** Beside as_of, with what is said of each. */
  readonly parameters: ReadonlyMap<string, string>
  readonly columns: readonly Column[]
  /** `view(as_of = …)`, as the first example asks. */
  readonly call: string
  readonly examples: readonly Example[]
}

export interface Example {
  readonly query: string
  /** What it prints; '' where there are no rows. */
  readonly shown: string
}

const EXAMPLE = /^(```sql\n([\s\S]*?)\n```\n```text\n)([\s\S]*?)\n?```$/gm

/** The chapters that have an example, in order. */
export const chapters = (text = readFileSync(GUIDE, 'utf8')): Chapter[] =>
  text.split(/^(?=## )/m).flatMap(chapter => {
    const view = /^## (\w+)$/m.exec(chapter)?.[1]
    const examples = [...chapter.matchAll(EXAMPLE)].map(match => ({ query: match[2]!, shown: match[3]! }))
    const [first] = examples
    if (view === undefined || !first) return []
    const rows = chapter
      .split('\n')
      .filter(line => line.startsWith('| `'))
      .map(line => line.split(/(?<!\\)\|/).map(cell => cell.trim().replaceAll('\\|', '|')))
    const named = (cell = '') => cell.replaceAll('`', '')
    return {
      view,
      parameters: new Map(rows.filter(row => row.length === 4).map(row => [named(row[1]), row[2] ?? ''])),
      columns: rows
        .filter(row => row.length === 5)
        .map(row => ({ name: named(row[1]), type: row[2] ?? '', meaning: row[3] ?? '' })),
      call: new RegExp(`^FROM (${view}(?:\\(.*\\))?)$`, 'm').exec(first.query)?.[1] ?? '',
      examples,
    }
  })

/** The guide with other results, by query. */
export const with_results = (text: string, results: ReadonlyMap<string, string>): string =>
  text.replace(EXAMPLE, (whole, head: string, query: string) => {
    const result = results.get(query)
    return result === undefined ? whole : `${head}${result}${result && '\n'}\`\`\``
  })
