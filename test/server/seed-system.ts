/** A whole embedded system behind the requirement documents' own endpoints. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse_config } from '../../runtime/config.ts'
import { create_logger } from '../../runtime/logger.ts'
import { state_reader } from '../../runtime/read-state.ts'
import { left_to_do, open_system, start_work } from '../../runtime/system.ts'
import { create_server } from '../../server/server.ts'
import { default_stream_limits } from '../../server/stream.ts'

export const CONVERSATION = '/api/v1/conversation/revenue-optimized'

export const open_seed_system = async (env: Readonly<Record<string, string>> = {}) => {
  const dir = mkdtempSync(join(tmpdir(), 'tributary-seed-'))
  const argv = ['--data-dir', dir, '--http-port', '0', '--clickhouse-port', '0', '--partitions', '2']
  const { config } = parse_config(argv, env)
  const system = await open_system(config, create_logger('silent'))
  const work = start_work(system)
  const serve = () =>
    create_server({
      ...system,
      ...work,
      targets: config.targets,
      api_keys: null,
      read_state: state_reader(system.app),
      stream_limits: default_stream_limits,
    })
  const server = serve()
  const at = (other: typeof server) => ({
    post: async (url: string, body: unknown) => {
      const headers = { 'content-type': 'application/json' }
      const payload = JSON.stringify(body)
      const response = await other.inject({ method: 'POST', url, headers, payload })
      return { status: response.statusCode, body: response.json() }
    },
    get: async (url: string) => {
      const response = await other.inject(url)
      return { status: response.statusCode, body: response.json() }
    },
  })
  return {
    system,
    ...at(server),
    /** Another process on the same system: it knows nothing that the first one remembers. */
    beside: () => at(serve()),
    inserted: async (): Promise<void> => {
      while (left_to_do(system, work) !== null) await system.clock.sleep(50)
    },
    close: async (): Promise<void> => {
      await server.close()
      await work.stop()
      await system.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
