/** Which statements `npm run export` takes, and how they are put to ClickHouse. */
import { outer_tokens } from '../runtime/embedded/warehouse-statements.ts'

/** ClickHouse's names of the formats. */
export const FORMATS = { csv: 'CSVWithNames', parquet: 'Parquet', ndjson: 'JSONEachRow' } as const
export type Format = keyof typeof FORMATS

/** By the ending of the file; csv without one that says more. */
export const format_of = (file: string | undefined): Format => {
  if (file?.endsWith('.parquet')) return 'parquet'
  return file !== undefined && /\.(ndjson|jsonl)$/.test(file) ? 'ndjson' : 'csv'
}

/** The statement with its format. Throws a RangeError that says why it is none that only reads, or not one. */
export const with_format = (sql: string, format: Format): string => {
  const tokens = [...outer_tokens(sql)]
  let end = sql.length
  while (tokens.at(-1)?.word === ';') end = tokens.pop()!.start
  const words = tokens.map(({ word }) => word)
  const first = words[0] ?? 'nothing'
  if (first !== 'SELECT' && first !== 'WITH')
    throw new RangeError(`only SELECT or WITH is exported, not ${first}`)
  if (words.includes('INSERT')) throw new RangeError('only SELECT or WITH is exported, not INSERT')
  if (words.includes(';')) throw new RangeError('one statement is exported at a time')
  if (words.some((word, i) => word === 'INTO' && words[i + 1] === 'OUTFILE'))
    throw new RangeError('leave INTO OUTFILE out: --out says where it goes')
  if (
    words.some(
      (word, i) => word === 'FORMAT' && is_end(words.slice(i + 2)) && /^\w+$/.test(words[i + 1] ?? ''),
    )
  )
    throw new RangeError('leave FORMAT out: --format says it')
  // On a line of its own: the statement may end in a comment.
  return `${sql.slice(0, end)}\nFORMAT ${FORMATS[format]}`
}

const is_end = (words: readonly string[]): boolean => words.length === 0 || words[0] === 'SETTINGS'
