/** What every Registry must do, sentence by sentence of runtime/ports.ts. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Registry, UnknownSchema } from '../../../runtime/ports.ts'

export interface OpenRegistry {
  readonly registry: Registry
  close(): Promise<void>
  /** Another process's view of the same registry: it has cached nothing. */
  fresh(): Promise<Registry>
}

const record = (...fields: object[]) => ({ type: 'record', name: 'Sample', namespace: 'contract', fields })
const id_field = { name: 'id', type: 'string' }
const amount_field = { name: 'amount_minor', type: ['null', 'long'], default: null }
const subject = (): string => `contract-${randomBytes(5).toString('hex')}-value`

/** Registers the contract's tests. */
export const registry_contract = (name: string, open: () => Promise<OpenRegistry>): void => {
  describe(`${name} keeps the Registry contract`, { timeout: 30_000 }, () => {
    let opened: OpenRegistry
    beforeAll(async () => {
      opened = await open()
    }, 120_000)
    afterAll(async () => {
      await opened?.close()
    }, 60_000)

    test('register gives one id per schema, and the schema comes back by it', async () => {
      const name = subject()
      const id = await opened.registry.register(name, record(id_field))
      expect(id).toBeGreaterThan(0)
      expect(await opened.registry.register(name, record(id_field))).toBe(id)
      const other = await opened.fresh()
      expect(await other.register(name, record(id_field))).toBe(id)
      expect(await other.schema(id)).toMatchObject({ type: 'record', name: 'Sample', fields: [id_field] })
    })

    test('a compatible change gets a new id and both stay readable', async () => {
      const name = subject()
      const first = await opened.registry.register(name, record(id_field))
      const second = await opened.registry.register(name, record(id_field, amount_field))
      expect(second).not.toBe(first)
      const other = await opened.fresh()
      expect(await other.schema(first)).toMatchObject({ fields: [id_field] })
      expect(await other.schema(second)).toMatchObject({ fields: [id_field, amount_field] })
    })

    test('an incompatible change is refused, even against an older version only', async () => {
      const name = subject()
      await opened.registry.register(name, record(id_field, { name: 'n', type: 'string' }))
      await opened.registry.register(name, record(id_field))
      await expect(
        opened.registry.register(name, record(id_field, { name: 'n', type: 'long', default: 0 })),
      ).rejects.toThrow()
    })

    test('an id nobody registered is UnknownSchema, also when asked again', async () => {
      const other = await opened.fresh()
      await expect(other.schema(2_000_000_011)).rejects.toBeInstanceOf(UnknownSchema)
      await expect(other.schema(2_000_000_011)).rejects.toBeInstanceOf(UnknownSchema)
    })

    test('health is null while reachable', async () => {
      expect(await opened.registry.health()).toBeNull()
    })
  })
}
