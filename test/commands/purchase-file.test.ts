import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { day_of, read_purchases } from '../../commands/purchase-file.ts'

const directory = mkdtempSync(join(tmpdir(), 'tributary-purchases-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const file = join(directory, 'p.csv')
const END = day_of('2025-03-01')!
const read = (text: string) => {
  writeFileSync(file, text)
  return read_purchases(file, END)
}

it('takes a day of a customer as one purchase, in any order of rows and columns', async () => {
  const { customers, purchases, later } = await read(
    '\uFEFFdate,shop,Customer_ID,amount\r\n' +
      '2025-02-01,x,b,5\r\n' +
      '2025-01-31T23:59:59Z,x,a,0.10\r\n' +
      '\r\n' +
      '2025-01-01,x,a,99\r\n' +
      '2025-01-31 08:00,x,a,0.20\r\n' +
      '2025-03-01,x,a,-0.10\r\n' +
      '2025-03-02,x,a,7\r\n',
  )
  expect({ purchases, later }).toEqual({ purchases: 5, later: 1 })
  expect(customers).toEqual([
    { customer_id: 'b', repeat_days: [], age_days: 28, mean_spend: 0 },
    // (0.10 + 0.20) and -0.10, as a person would add them.
    { customer_id: 'a', repeat_days: [30, 59], age_days: 59, mean_spend: 0.1 },
  ])
})

it.each([
  [
    'customer_id,date,amount\na,2025-01-01,3\nb,2025-02-30,3\n',
    ':3: date "2025-02-30" is no ISO date (YYYY-MM-DD)',
  ],
  ['customer_id,date,amount\na,01/02/2025,3\n', ':2: date "01/02/2025" is no ISO date (YYYY-MM-DD)'],
  ['customer_id,date,amount\na,2025-01-01,$3\n', ':2: amount "$3" is no decimal number'],
  ['customer_id,date,amount\na,2025-01-01,1e400\n', ':2: amount "1e400" is no decimal number'],
  ['customer_id,date,amount\na,2025-01-01\n', ':2: amount is empty'],
  ['customer_id,date,amount\n\n,2025-01-01,4\n', ':3: customer_id is empty'],
  ['customer,date\na,2025-01-01\n', ':1: the header lacks customer_id, amount'],
  ['', ':1: the file is empty; its first line must name customer_id, date, amount'],
  ['customer_id,date,amount\na,2025-03-02,4\n', ': no purchase up to the end'],
])('%j is refused by line', async (text, said) => {
  await expect(read(text)).rejects.toThrow(`${file}${said}`)
})

it('names the line of a quote that stays open', async () => {
  await expect(read('customer_id,date,amount\na,2025-01-01,3\n"b,2025-01-01,3\n')).rejects.toThrow(
    /p\.csv:\d+: Quote/,
  )
})

it('says of a directory and of a file that is gone that they cannot be read', async () => {
  await expect(read_purchases(directory, END)).rejects.toThrow(
    `${directory} cannot be read: it is a directory`,
  )
  await expect(read_purchases(`${file}.no`, END)).rejects.toThrow('.no cannot be read: it is not there')
})
