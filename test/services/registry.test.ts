/** The Registry contract on a real registry. */
import { expect, test } from 'vitest'
import { confluent_registry } from '../../runtime/kafka/registry.ts'
import { UnknownSchema } from '../../runtime/ports.ts'
import { registry_contract } from '../runtime/contracts/registry-contract.ts'
import { free_port } from './process.ts'
import { stack } from './stack.ts'

registry_contract('confluent registry', async () => {
  const services = await stack('registry')
  const open = () => confluent_registry({ url: services.address('registry'), client_id: 'contract' })
  return { registry: open(), fresh: async () => open(), close: () => services.stop() }
})

test('a registry that is not there is an outage, not an unknown schema', async () => {
  const registry = confluent_registry({
    url: `http://127.0.0.1:${await free_port()}/v7`,
    client_id: 'outage',
  })
  const failure = await registry.schema(1).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(Error)
  expect(failure).not.toBeInstanceOf(UnknownSchema)
  expect(await registry.health()).toMatch(/not reachable/)
})
