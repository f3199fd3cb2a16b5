/** Which errors blame the rows, which pass, and what a reply says that is none of a ClickHouse server. */
import { ClickHouseError } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  check_reply,
  classified,
  passes,
  WarehouseFailed,
  wants_less,
} from '../../../runtime/clickhouse/errors.ts'
import { RowsRejected } from '../../../runtime/ports.ts'
import { type Served, serve_warehouse } from '../../sql/served-warehouse.ts'

const same = (text: string): string => text
const thrown = (code: number | string, message = 'something. '): Error =>
  classified(new ClickHouseError({ message, code: String(code), type: 'SOME_TYPE' }), same)
const code_of = (error: Error): string => (error as WarehouseFailed).code

/** Retried for ever by the recipe of the sink, and everything that a busy, ailing or restarting server says. */
const TRANSIENT = [
  3, 74, 75, 95, 96, 107, 159, 160, 164, 173, 198, 201, 202, 203, 209, 210, 216, 225, 228, 230, 232, 236, 241,
  242, 243, 252, 254, 265, 279, 285, 286, 289, 290, 297, 307, 319, 364, 373, 384, 394, 396, 410, 416, 425,
  439, 473, 497, 499, 516, 519, 574, 668, 692, 700, 722, 733, 735, 740, 745, 749, 999, 1000, 1002,
]

describe('of the codes of ClickHouse', () => {
  it.each(TRANSIENT)('%d blames no row', code => {
    expect(thrown(code)).toBeInstanceOf(WarehouseFailed)
    expect(code_of(thrown(code))).toBe(String(code))
  })

  it.each([53, 69, 70, 117, 131, 321, 349, 469, 691, 748])('%d blames the rows', code => {
    expect(thrown(code)).toBeInstanceOf(RowsRejected)
  })

  it('one that is not ClickHouse’s own blames them where the Avro reader threw it', () => {
    expect(thrown(1001, 'avro::Exception: EOF reached')).toBeInstanceOf(RowsRejected)
    expect(thrown(1001, 'std::bad_alloc')).toBeInstanceOf(WarehouseFailed)
  })

  it('those that pass by themselves are told from those that want a person', () => {
    for (const code of ['252', '241', '159', '319', '202', '999', 'HTTP_503', 'ECONNREFUSED', 'TIMEOUT'])
      expect(passes(code), code).toBe(true)
    for (const code of ['60', '164', '497', '516', '243', '49', '1002', 'SCHEMA'])
      expect(passes(code), code).toBe(false)
    expect(thrown(497).message).toContain('deploy/clickhouse_users.sql')
  })

  it('memory and time ask for less', () => {
    for (const code of ['241', '159', 'TIMEOUT', 'HTTP_413']) expect(wants_less(code), code).toBe(true)
    for (const code of ['252', '319', 'ECONNREFUSED']) expect(wants_less(code), code).toBe(false)
  })
})

describe('names of the codes', () => {
  let served: Served
  beforeAll(async () => {
    served = await serve_warehouse()
  })
  afterAll(() => served.stop())

  it('are what this engine means by them', async () => {
    const codes = [27, 33, 53, 69, 70, 117, 131, 321, 349, 469, 691, 748]
    const rows = await served.warehouse.query<{ name: string }>(
      `SELECT errorCodeToName(arrayJoin([${codes}])) AS name`,
    )
    expect(rows.map(row => row.name)).toEqual([
      'CANNOT_PARSE_INPUT_ASSERTION_FAILED',
      'CANNOT_READ_ALL_DATA',
      'TYPE_MISMATCH',
      'ARGUMENT_OUT_OF_BOUND',
      'CANNOT_CONVERT_TYPE',
      'INCORRECT_DATA',
      'TOO_LARGE_STRING_SIZE',
      'VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE',
      'CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN',
      'VIOLATED_CONSTRAINT',
      'UNKNOWN_ELEMENT_OF_ENUM',
      'AVRO_EXCEPTION',
    ])
  })
})

describe('a reply', () => {
  const failure = (status: number, headers: Record<string, string>, text: string): Error => {
    try {
      check_reply({ http_status_code: status, response_headers: headers }, text)
    } catch (error) {
      return classified(error, same)
    }
    return new Error('none')
  }

  it('is good with status 200 and no exception', () => {
    expect(() => check_reply({ http_status_code: 200, response_headers: {} }, '')).not.toThrow()
  })

  it('fails by its text, its header or its status', () => {
    const text =
      'Code: 252. DB::Exception: Too many parts (600). Merges are slower. (TOO_MANY_PARTS) (version 26.7)'
    expect(failure(500, { 'x-clickhouse-exception-code': '252' }, text).message).toBe(
      'ClickHouse 252 TOO_MANY_PARTS: Too many parts (600). Merges are slower.',
    )
    expect(code_of(failure(200, {}, text))).toBe('252')
    expect(code_of(failure(500, { 'x-clickhouse-exception-code': '319' }, 'no words'))).toBe('319')
    expect(code_of(failure(503, {}, '<html>no upstream</html>'))).toBe('HTTP_503')
  })

  it('is shown in one line of bounded length', () => {
    const { message } = failure(502, {}, `<html>\n${'x'.repeat(5000)}\n</html>`)
    expect(message.length).toBeLessThan(600)
    expect(message).not.toContain('\n')
  })
})

describe('an error of the connection', () => {
  it('goes by its own name', () => {
    const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })
    expect(code_of(classified(reset, same))).toBe('ECONNRESET')
    expect(code_of(classified(new Error('Timeout error.'), same))).toBe('TIMEOUT')
    expect(code_of(classified('odd', same))).toBe('NETWORK')
  })

  it('loses what must not be seen', () => {
    expect(classified(new Error('http://u:hunter2@h'), text => text.replace('hunter2', '***')).message).toBe(
      'http://u:***@h',
    )
  })
})
