/** What the guide's reader takes for parameters, columns, query and result, and how results are replaced. */
import { expect, it } from 'vitest'
import { chapters, with_results } from './analysts-guide.ts'

const QUERY = "SELECT day\nFROM money(as_of = '2026-06-01', zone = 'a')\nLIMIT 1"
const GUIDE = `# Title

## money

| parameter | |
|---|---|
| \`zone\` | 'a' or 'b' |

| column | type | |
|---|---|---|
| \`day\` | Date | UTC |
| \`parts\` | Map(String, Int64) | a \\| b |

\`\`\`sql
${QUERY}
\`\`\`
\`\`\`text
old $1
\`\`\`

After it:

\`\`\`sql
SELECT 1 WHERE 0
\`\`\`
\`\`\`text
\`\`\`

## Prose

None.
`

it('finds what stands in a chapter with an example', () => {
  expect(chapters(GUIDE)).toEqual([
    {
      view: 'money',
      parameters: new Map([['zone', "'a' or 'b'"]]),
      columns: [
        { name: 'day', type: 'Date', meaning: 'UTC' },
        { name: 'parts', type: 'Map(String, Int64)', meaning: 'a | b' },
      ],
      call: "money(as_of = '2026-06-01', zone = 'a')",
      examples: [
        { query: QUERY, shown: 'old $1' },
        { query: 'SELECT 1 WHERE 0', shown: '' },
      ],
    },
  ])
})

it('puts other results in their place and changes nothing else', () => {
  const changed = with_results(GUIDE, new Map([[QUERY, 'new\nline $& $1']]))
  expect(changed).toBe(GUIDE.replace('old $1', () => 'new\nline $& $1'))
  const emptied = with_results(GUIDE, new Map([[QUERY, '']]))
  expect(emptied).toBe(GUIDE.replace('old $1\n', ''))
  expect(with_results(emptied, new Map([[QUERY, 'old $1']]))).toBe(GUIDE)
})
