/** An Apicurio registry in memory; its Confluent-compatible API is what Tributary's clients are given. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fetch_programs } from './fetch.ts'
import {
  free_port,
  java_options,
  launch_service,
  type Service,
  type ServiceOptions,
  service_directory,
} from './process.ts'

const READY_MS = 90_000

/** Resolves when it answers. */
export const registry_answers = async (address: string): Promise<void> => {
  const response = await fetch(`${address}/subjects`, { signal: AbortSignal.timeout(5_000) })
  if (!response.ok) throw new Error(`the registry answers ${response.status}`)
}

/** Starts a registry; its address is the URL for SCHEMA_REGISTRY_URL. A restart forgets every schema. */
export const start = async (options: ServiceOptions = {}): Promise<Service> => {
  const { apicurio_directory } = await fetch_programs()
  const { dir, temporary } = await service_directory('registry', options.dir)
  const port = options.port ?? (await free_port())
  const jar = (await readdir(apicurio_directory)).find(name => name.endsWith('-runner.jar'))
  if (jar === undefined) throw new Error(`${apicurio_directory} holds no runner jar`)
  const address = `http://127.0.0.1:${port}/apis/ccompat/v7`
  return launch_service({
    name: 'registry',
    command: 'java',
    args: [
      ...java_options(),
      '-Xmx384m',
      '-XX:+UseSerialGC',
      '-Dquarkus.http.host=127.0.0.1',
      `-Dquarkus.http.port=${port}`,
      '-jar',
      join(apicurio_directory, jar),
    ],
    address,
    dir,
    temporary,
    ready: () => registry_answers(address),
    ready_ms: READY_MS,
  })
}
