import { expect, it } from 'vitest'
import {
  add_id,
  distinct,
  merge_registers,
  no_registers,
  USUAL_ERROR,
} from '../../../operators/stats/distinct.ts'

const count = (from: number, to: number): Uint8Array => {
  let registers = no_registers()
  for (let i = from; i < to; i++) registers = add_id(registers, `customer-${i}`)
  return registers
}

it.each([0, 1, 10, 100, 1000, 10_000, 60_000])('%d ids, within three usual errors', n => {
  expect(Math.abs(distinct(count(0, n)) - n)).toBeLessThanOrEqual(3 * USUAL_ERROR * n)
})

it('an id that comes again changes nothing, and nothing is changed in place', () => {
  const registers = count(0, 500)
  const text = registers.join()
  expect(add_id(registers, 'customer-7')).toBe(registers)
  add_id(registers, 'somebody new')
  expect(registers.join()).toBe(text)
})

it('parts that overlap merge to the whole', () => {
  expect(merge_registers(count(0, 3000), count(2000, 5000))).toEqual(count(0, 5000))
})
