/** The HTTP interface of the embedded warehouse against requests that no client of good will sends. */
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { answer } from '../../../runtime/embedded/warehouse-http.ts'
import type { Sessions } from '../../../runtime/embedded/warehouse-session.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** What answer() did with one raw request: the first line it wrote, or its rejection. */
const send = async (target: string, headers = '', method = 'GET'): Promise<string> => {
  const nothing = { bytes: new Uint8Array(), rows: 0, read_bytes: 0, elapsed_s: 0, written: true }
  const sessions = { run: async () => nothing } as unknown as Sessions
  const failed = Promise.withResolvers<string>()
  const server = createServer((request, response) => {
    answer({ sessions, passwords: new Map([['default', '']]) }, request, response).catch((error: Error) =>
      failed.resolve(`rejected: ${error.message}`),
    )
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const socket = connect(port, '127.0.0.1')
  const written = new Promise<string>(resolve => {
    let text = ''
    socket.on('data', chunk => {
      text += chunk
      if (text.includes('\r\n')) resolve(text.split('\r\n')[0]!)
    })
  })
  socket.write(`${method} ${target} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n${headers}\r\n`)
  const first = await Promise.race([written, failed.promise])
  socket.destroy()
  return first
}

describe('answer', () => {
  it.each([['//'], ['http://['], ['//:x']])('refuses the address %s and stays', async target => {
    expect(await send(target)).toBe('HTTP/1.1 400 Bad Request')
  })

  it('does not put into a header what a header cannot hold', async () => {
    expect(await send('/ping?query_id=a%0Ab')).toBe('HTTP/1.1 200 OK')
    expect(await send('/ping?query_id=%E2%82%AC')).toBe('HTTP/1.1 200 OK')
  })

  // Such a page cannot read the answer, but a statement would have run.
  it.each([
    ['cross-site', 'HTTP/1.1 403 Forbidden'],
    ['same-site', 'HTTP/1.1 403 Forbidden'],
    ['same-origin', 'HTTP/1.1 200 OK'],
    ['none', 'HTTP/1.1 200 OK'],
  ])('asked by a browser on behalf of a page that is %s: %s', async (site, status) => {
    const header = `Sec-Fetch-Site: ${site}\r\n`
    expect(await send('/?query=DROP+TABLE+ledger', header, 'POST')).toBe(status)
  })
})
