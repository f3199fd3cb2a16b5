/** What is exported and what is refused, by its text. */
import { expect, it } from 'vitest'
import { format_of, with_format } from '../../commands/export-statement.ts'

it.each([
  ['SELECT 1', 'csv', 'SELECT 1\nFORMAT CSVWithNames'],
  ['SELECT * FROM v(a = 1)', 'parquet', 'SELECT * FROM v(a = 1)\nFORMAT Parquet'],
  [
    "  with x AS (SELECT ';') SELECT * FROM x ; ;\n",
    'ndjson',
    "  with x AS (SELECT ';') SELECT * FROM x \nFORMAT JSONEachRow",
  ],
  ['SELECT 1 -- of all', 'csv', 'SELECT 1 -- of all\nFORMAT CSVWithNames'],
  ['SELECT format, insert_at FROM t', 'csv', 'SELECT format, insert_at FROM t\nFORMAT CSVWithNames'],
] as const)('%s as %s', (sql, format, statement) => {
  expect(with_format(sql, format)).toBe(statement)
})

it.each([
  ['', 'not nothing'],
  ['-- SELECT 1', 'not nothing'],
  ['DROP TABLE ledger', 'not DROP'],
  ['/* SELECT */ insert into t values (1)', 'not INSERT'],
  ['WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x', 'not INSERT'],
  ['SELECT 1; SELECT 2', 'one statement'],
  ['SELECT 1; DROP TABLE ledger', 'one statement'],
  ["SELECT 1 INTO OUTFILE 'x'", '--out'],
  ['SELECT 1 FORMAT CSV', '--format'],
  ['SELECT 1 FORMAT CSV SETTINGS max_threads = 1;', '--format'],
])('refuses %j', (sql, why) => {
  expect(() => with_format(sql, 'csv')).toThrow(why)
})

it('knows the format by the ending of the file', () => {
  expect(['a.parquet', 'a.ndjson', 'a.jsonl', 'a.csv', 'a', undefined].map(format_of)).toEqual([
    'parquet',
    'ndjson',
    'ndjson',
    'csv',
    'csv',
    'csv',
  ])
})
