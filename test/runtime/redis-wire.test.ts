/** Requests in one piece: what a reader of the protocol makes of them is what was given. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { on_the_wire, Wire } from '../../runtime/redis/wire.ts'

const read = (bytes: Buffer): Buffer[] => {
  let at = 0
  const line = (kind: string): number => {
    const end = bytes.indexOf('\r\n', at)
    const text = bytes.toString('latin1', at, end)
    at = end + 2
    expect(text[0]).toBe(kind)
    return Number(text.slice(1))
  }
  const items = Array.from({ length: line('*') }, () => {
    const length = line('$')
    at += length + 2
    expect(bytes.toString('latin1', at - 2, at)).toBe('\r\n')
    return bytes.subarray(at - length - 2, at - 2)
  })
  expect(at).toBe(bytes.length)
  return items
}
const argument = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.string({ maxLength: 80 }),
  fc.uint8Array({ maxLength: 300 }).map(of => Buffer.from(of)),
)

const written = (command: readonly (string | Buffer)[]) => {
  const wire = new Wire(1)
  for (const one of command) wire.put(one)
  return wire
}

test('any texts and bytes', () => {
  fc.assert(
    fc.property(fc.array(argument, { minLength: 1, maxLength: 30 }), command => {
      const wanted = command.map(of => (typeof of === 'string' ? Buffer.from(of) : of))
      expect(read(on_the_wire([command]))).toEqual(wanted)
      expect(read(on_the_wire([[], written(command), command]))).toEqual([...wanted, ...wanted])
    }),
  )
})

test('many and long ones', () => {
  const command = [
    'evalsha',
    'é'.repeat(100_000),
    ...Array.from({ length: 20_000 }, (_, i) => `key-${i}`),
    Buffer.alloc(1 << 20, 7),
  ]
  expect(
    read(on_the_wire([command.slice(0, 9), written(command.slice(9))])).map(of => of.toString()),
  ).toEqual(command.map(String))
})
