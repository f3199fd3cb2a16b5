/** The embedded registry keeps the contract, and survives a restart. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { open_log } from '../../../runtime/embedded/log.ts'
import { open_registry } from '../../../runtime/embedded/registry.ts'
import { registry_contract } from '../contracts/registry-contract.ts'

const directory = (): Promise<string> => mkdtemp(`${tmpdir()}/registry-`)
const record = (name: string, ...fields: object[]) => ({ type: 'record', name, fields })

registry_contract('the embedded registry', async () => {
  const dir = await directory()
  const log = await open_log(dir)
  return {
    registry: open_registry(log.environment),
    fresh: async () => open_registry(log.environment),
    async close() {
      await log.close()
      await rm(dir, { recursive: true })
    },
  }
})

test('ids begin at 1, are one per schema over all subjects, and survive a restart', async () => {
  const dir = await directory()
  const first = await open_log(dir)
  const registry = open_registry(first.environment)
  const a = record('A', { name: 'x', type: 'long' })
  const ids = await Promise.all([
    registry.register('a-value', a),
    registry.register('b-value', { fields: [{ type: 'long', name: 'x' }], name: 'A', type: 'record' }),
    registry.register('c-value', record('C', { name: 'y', type: 'string' })),
  ])
  expect(ids).toEqual([1, 1, 2])
  await first.close()
  const second = await open_log(dir)
  const again = open_registry(second.environment)
  expect(await again.schema(1)).toEqual(a)
  expect(await again.register('d-value', record('D'))).toBe(3)
  await expect(again.register('a-value', record('A', { name: 'x', type: 'string' }))).rejects.toThrow(
    /schema 1/,
  )
  await second.close()
  await rm(dir, { recursive: true })
})

test('what is not a schema is refused with its reason', async () => {
  const dir = await directory()
  const log = await open_log(dir)
  await expect(open_registry(log.environment).register('a-value', { type: 'nonsense' })).rejects.toThrow(
    /a-value/,
  )
  await log.close()
  await rm(dir, { recursive: true })
})
