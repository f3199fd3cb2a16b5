/**
 * A wire that can be made bad: a TCP proxy on loopback that refuses, delays, swallows or cuts on command. What
 * stands behind it notices nothing, what stands before it everything.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Faults {
  /** New connections are closed at once, and those there are: as if nothing listened. */
  readonly down: boolean
  /** Each piece arrives so much later, in order. */
  readonly delay_ms: number
  /** What is taken and never passed on. */
  readonly swallow: 'nothing' | 'requests' | 'replies'
  /** Replies pass up to so many bytes, then the connection is cut in the middle. */
  readonly cut_after_bytes: number
}

export interface TcpProxy {
  /** host:port to connect to instead. */
  readonly address: string
  /** From now on, on every connection; what is not named is as in a good wire. */
  faults(faults: Partial<Faults>): void
  /** Ends every connection there is; new ones are welcome. */
  cut(): void
  /** Connections taken so far. */
  readonly accepted: number
  close(): Promise<void>
}

const NONE: Faults = {
  down: false,
  delay_ms: 0,
  swallow: 'nothing',
  cut_after_bytes: Number.POSITIVE_INFINITY,
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/** @param target host:port */
export const start_tcp_proxy = async (target: string): Promise<TcpProxy> => {
  const [host = '127.0.0.1', port] = target.split(':')
  const pairs = new Set<Pair>()
  let faults = NONE
  let replied = 0
  let accepted = 0

  const drop = (pair: Pair): void => {
    pairs.delete(pair)
    pair.client.destroy()
    pair.server.destroy()
  }
  const cut = (): void => {
    for (const pair of [...pairs]) drop(pair)
  }

  const pass = (pair: Pair, from: Socket, to: Socket, direction: Faults['swallow']): void => {
    let turn = Promise.resolve()
    from.on('data', piece => {
      if (faults.swallow === direction) return
      const { delay_ms, cut_after_bytes } = faults
      const reply = direction === 'replies'
      const left = reply ? Math.max(0, cut_after_bytes - replied) : Number.POSITIVE_INFINITY
      if (reply) replied += piece.length
      const waited = delay_ms > 0 ? new Promise<void>(resolve => setTimeout(resolve, delay_ms)) : turn
      turn = Promise.all([turn, waited]).then(() => {
        if (to.writable) to.write(piece.subarray(0, left))
        if (left < piece.length) to.end(() => drop(pair))
      })
    })
  }

  const server = createServer(client => {
    accepted++
    if (faults.down) {
      client.destroy()
      return
    }
    const pair = { client, server: connect(Number(port), host) }
    pairs.add(pair)
    for (const socket of [pair.client, pair.server]) {
      socket.setNoDelay(true)
      socket.on('error', () => drop(pair))
      socket.on('close', () => drop(pair))
    }
    pass(pair, pair.client, pair.server, 'requests')
    pass(pair, pair.server, pair.client, 'replies')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults: given => {
      faults = { ...NONE, ...given }
      replied = 0
      if (faults.down) cut()
    },
    cut,
    get accepted() {
      return accepted
    },
    close: async () => {
      cut()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
