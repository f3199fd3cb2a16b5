/**
 * A loopback HTTP proxy in front of a warehouse that answers as a ClickHouse server in trouble does, or as a network does
 * that fails at the worst moment; and that remembers every statement with its user.
 */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** What befalls a statement. `applied`: the warehouse has done it, and the sender does not hear of it. */
export type Fault =
  | { readonly kind: 'exception'; readonly code: number; readonly name: string; readonly applied?: boolean }
  /** Status 200 and the exception in the body: the headers had been sent. */
  | { readonly kind: 'exception_in_body'; readonly code: number; readonly name: string }
  | { readonly kind: 'status'; readonly status: number; readonly page: string }
  | { readonly kind: 'cut'; readonly applied: boolean }
  /** Half of the body reaches the warehouse. */
  | { readonly kind: 'cut_body' }
  | { readonly kind: 'silence'; readonly applied: boolean }
  | { readonly kind: 'half_reply' }

export interface Recorded {
  readonly user: string
  readonly text: string
  /** Query parameters by name. */
  readonly params: ReadonlyMap<string, string>
  readonly body_bytes: number
}

export interface WarehouseProxy {
  readonly url: string
  readonly port: number
  /** Every statement that came, in order. */
  readonly statements: readonly Recorded[]
  /** From now on what befalls a statement; null: nothing. */
  befall(choose: ((statement: Recorded) => Fault | null) | null): void
  /** Faults dealt out so far. */
  readonly faults: number
  /** Connections are refused until listen(). */
  refuse(): Promise<void>
  listen(): Promise<void>
  /** Where statements go from now on. */
  forward_to(url: string): void
  close(): Promise<void>
}

export const is_insert = ({ text }: Recorded): boolean => /^\s*INSERT\s+INTO\s+(?!FUNCTION)/i.test(text)

const REMEMBERED = 4000

const read_body = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

interface Forwarded {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** `cut_at`: the connection ends after so many bytes of the body. */
const forward = (target: URL, incoming: IncomingMessage, body: Buffer, cut_at?: number): Promise<Forwarded> =>
  new Promise((resolve, reject) => {
    const { 'transfer-encoding': _, ...headers } = incoming.headers
    const options = {
      method: incoming.method,
      host: target.hostname,
      port: target.port,
      path: incoming.url,
      headers: { ...headers, connection: 'close', 'content-length': String(body.length) },
    }
    const out = request(options, async reply => {
      try {
        resolve({ status: reply.statusCode ?? 500, headers: reply.headers, body: await read_body(reply) })
      } catch (error) {
        reject(error)
      }
    })
    out.once('error', reject)
    if (cut_at === undefined) out.end(body)
    else out.write(body.subarray(0, cut_at), () => out.destroy())
  })

/** `as_default`: the warehouse knows none of the users, and gets every statement as its default one. */
export const start_proxy = async (target_url: string, as_default = false): Promise<WarehouseProxy> => {
  let target = new URL(target_url)
  const sockets = new Set<Socket>()
  const statements: Recorded[] = []
  let choose: ((statement: Recorded) => Fault | null) | null = null
  let faults = 0
  let server: Server | null = null

  const exception = (response: ServerResponse, code: number, name: string, status: number) => {
    response.writeHead(status, { 'X-ClickHouse-Exception-Code': String(code), 'Content-Type': 'text/plain' })
    response.end(`Code: ${code}. DB::Exception: injected by the proxy. (${name}) (version 26.7.2.1)\n`)
  }
  const suffer = async (fault: Fault, incoming: IncomingMessage, body: Buffer, response: ServerResponse) => {
    const apply = () => forward(target, incoming, body)
    const cut = () => void incoming.socket.destroy()
    switch (fault.kind) {
      case 'exception':
        if (fault.applied) await apply()
        return exception(response, fault.code, fault.name, 500)
      case 'exception_in_body':
        response.writeHead(200, { 'Content-Type': 'text/plain' })
        return void response.end(
          `Code: ${fault.code}. DB::Exception: too late for headers. (${fault.name})\n`,
        )
      case 'status':
        response.writeHead(fault.status, { 'Content-Type': 'text/html' })
        return void response.end(fault.page)
      case 'cut':
        if (fault.applied) await apply()
        return cut()
      case 'cut_body':
        await forward(target, incoming, body, body.length >> 1).catch(() => undefined)
        return cut()
      case 'silence':
        if (fault.applied) await apply()
        return
      case 'half_reply': {
        const reply = await apply()
        response.writeHead(reply.status, { 'Content-Type': 'text/plain', 'Content-Length': '64' })
        return void response.write('half of a', () => cut())
      }
    }
  }
  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await read_body(incoming)
    const user_of_headers = incoming.headers['x-clickhouse-user'] ?? basic_user(incoming)
    if (as_default)
      for (const name of ['authorization', 'x-clickhouse-user', 'x-clickhouse-key'])
        delete incoming.headers[name]
    const url = new URL(incoming.url ?? '/', target)
    // An insert's statement stands in the address and its rows in the body; of others the body is the statement.
    const query = url.searchParams.get('query')
    const user = String(user_of_headers || url.searchParams.get('user') || 'default')
    const params = new Map(
      [...url.searchParams].flatMap(([name, value]) =>
        name.startsWith('param_') ? [[name.slice('param_'.length), value] as const] : [],
      ),
    )
    const text = query ?? body.subarray(0, 20_000).toString()
    const recorded = { user, text, params, body_bytes: body.length }
    if (url.pathname !== '/ping') statements.push(recorded)
    if (statements.length > REMEMBERED) statements.shift()
    const fault = choose?.(recorded) ?? null
    if (fault) {
      faults++
      return suffer(fault, incoming, body, response)
    }
    const reply = await forward(target, incoming, body)
    const { 'transfer-encoding': _, connection: __, ...headers } = reply.headers
    response.writeHead(reply.status, headers)
    response.end(reply.body)
  }
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server = createServer((incoming, response) => {
        // The target may be down: so are we, then.
        serve(incoming, response).catch(() => incoming.socket.destroy())
      })
      server.on('connection', socket => {
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
      })
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => resolve())
    })
  const refuse = async (): Promise<void> => {
    const closed = new Promise(resolve => (server ? server.close(resolve) : resolve(null)))
    server = null
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await listen(0)
  const { port } = (server as unknown as Server).address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    statements,
    befall: chosen => {
      choose = chosen
    },
    get faults() {
      return faults
    },
    refuse,
    listen: () => listen(port),
    forward_to: url => {
      target = new URL(url)
    },
    close: refuse,
  }
}

const basic_user = (incoming: IncomingMessage): string | undefined => {
  const pair = /^Basic (.+)$/i.exec(incoming.headers.authorization ?? '')?.[1]
  return pair && Buffer.from(pair, 'base64').toString().split(':')[0]
}
