/** A server on logs in memory and a warehouse of its own, filled by hand: what was said is read from the log. */
import { body_reader } from '../../../runtime/bodies.ts'
import type { ServerDeps } from '../../../server/server-deps.ts'
import type { Served } from '../../sql/served-warehouse.ts'
import { memory_server } from '../memory-ports.ts'

/** Quarter past ten. */
export const NOW = Date.UTC(2026, 0, 5, 10, 15)

export const standing_clock = (now = NOW) => {
  let nonces = 0
  return { now: () => now, sleep: async () => {}, nonce: () => `n${++nonces}` }
}

export const open_alert_system = async (
  warehouse: ServerDeps['warehouse'] | Served['warehouse'],
  over: Partial<ServerDeps> = {},
) => {
  const { server, deps } = await memory_server({ warehouse, clock: standing_clock(), ...over })
  const ask = async (
    method: 'GET' | 'PUT' | 'POST' | 'DELETE',
    url: string,
    payload?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const body = payload === undefined ? {} : { payload: JSON.stringify(payload) }
    const response = await server.inject({
      method,
      url,
      headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...body,
    })
    return { status: response.statusCode, body: response.json(), headers: response.headers }
  }
  /** Rows of a topic, of all partitions in the order of their offsets. */
  const written = async (topic: string): Promise<Record<string, unknown>[]> => {
    const read = body_reader(deps.registry)
    const partitions = [...deps.log.records].filter(([name]) => name.startsWith(`${topic}/`))
    const records = partitions.flatMap(([, all]) => all)
    return Promise.all(records.map(({ value }) => read(value!)))
  }
  return { server, deps, ask, written }
}
