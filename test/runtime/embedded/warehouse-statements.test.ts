/** What the embedded warehouse reads out of statements. */
import { describe, expect, it } from 'vitest'
import { load_chdb } from '../../../runtime/embedded/warehouse-session.ts'
import {
  format_asked,
  identifier,
  insert_from_file,
  insert_head,
  quoted,
  refusal,
  set_statement,
} from '../../../runtime/embedded/warehouse-statements.ts'

const data_of = (text: string) => {
  const head = insert_head(text)
  return head && text.slice(head.data_at)
}

describe('the data of an insert', () => {
  it.each([
    ['INSERT INTO t FORMAT CSV\n1,2\n', '1,2\n'],
    ['insert into t format CSV 1,2', '1,2'],
    ['INSERT INTO t FORMAT CSV;\n1', '1'],
    [
      '  -- why\n/* FORMAT TSV */ INSERT INTO `FORMAT x` (a, "FORMAT") SETTINGS a = 1 FORMAT Native\n\n\x00',
      '\n\x00',
    ],
    ["INSERT INTO FUNCTION null('a FORMAT String') FORMAT Avro\nObj", 'Obj'],
    ['INSERT INTO t FORMAT JSONEachRow', ''],
  ])('%j', (text, data) => {
    expect(data_of(text)).toBe(data)
  })

  it.each([
    'SELECT 1 FORMAT CSV',
    'INSERT INTO t VALUES (1)',
    "INSERT INTO t SELECT 'FORMAT CSV'",
    'INSERT INTO t WITH 1 AS x SELECT x FORMAT CSV',
    "INSERT INTO t FROM INFILE 'a' FORMAT CSV",
    'INSERT INTO t (a',
    '',
  ])('%j has none apart', text => {
    expect(insert_head(text)).toBeNull()
  })

  it('goes through a file', () => {
    const head = insert_head('INSERT INTO t (a) SETTINGS b = 1 FORMAT CSV\n1')
    expect(head && insert_from_file(head, "/tmp/it's")).toBe(
      "INSERT INTO t (a)\nFROM INFILE '/tmp/it\\'s'\nSETTINGS b = 1\nFORMAT CSV",
    )
  })
})

describe('quoting', () => {
  it('leaves no way out', () => {
    expect(quoted("a'b\\")).toBe("'a\\'b\\\\'")
    expect(identifier('a`b\\')).toBe('`a\\`b\\\\`')
    expect(set_statement([['max_threads', "1', readonly = '0"]])).toBe(
      "SET max_threads = '1\\', readonly = \\'0'",
    )
    expect(set_statement([])).toBe('')
    expect(() => set_statement([['a b', '1']])).toThrow('no setting can be named "a b"')
  })
})

describe('a reader', () => {
  it.each([
    'SELECT 1',
    "SELECT 'INTO OUTFILE file('",
    'SELECT `into outfile` FROM t',
    'SELECT profile(1), filesystem(2)',
    'WITH 1 AS x SELECT x',
    '(SELECT 1) UNION ALL (SELECT 2)',
  ])('may %s', canonical => {
    expect(refusal(canonical)).toBeNull()
  })

  it.each([
    ['INSERT INTO t SELECT 1', 'INSERT is not a read'],
    ['', 'this statement is not a read'],
    ["SELECT 1 AS `a'` INTO OUTFILE 'x'", 'INTO OUTFILE is not allowed'],
    ["SELECT 1 AS `it's`, file('x')", 'file is not allowed'],
    ["SELECT `file`('x')", 'file is not allowed'],
    ['SELECT * APPLY file', 'APPLY file is not allowed'],
  ])('may not %s', (canonical, why) => {
    expect(refusal(canonical)).toBe(why)
  })
})

it.each([
  ['SELECT 1 FORMAT JSON', 'JSON'],
  ['SELECT 1 format CSV ; ', 'CSV'],
  ["SELECT 'FORMAT CSV'", undefined],
])('the format of %j is %s', (text, format) => {
  expect(format_asked(text)).toBe(format)
})

it('where chDB does not run, the way around it is named', async () => {
  const attempt = load_chdb(() => Promise.reject(new Error('no binary for this platform\nlong story')))
  await expect(attempt).rejects.toThrow(
    /--clickhouse-url http:\/\/host:8123 or CLICKHOUSE_URL\. \(no binary for this platform\)$/,
  )
})
