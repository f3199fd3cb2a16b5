/**
 * The stream of a tenant, kept open: read with fetch, because EventSource sends no API key and tells nothing of
 * what went wrong. It sends no Last-Event-ID: what was missed comes with the board that is asked on opening, and replayed
 * on top of that it would count twice. Reconnects with a growing wait, and drops a stream that has been silent for too long.
 */
import { ask, RequestError } from './api.ts'
import { event_reader, type ServerEvent } from './sse.ts'

export type LiveState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'waiting'; readonly until_ms: number; readonly reason: string }

export interface LiveCalls {
  readonly state: (state: LiveState) => void
  /** The stream is open: whatever was missed has to be asked. */
  readonly opened: (signal: AbortSignal) => Promise<void>
  readonly event: (event: ServerEvent) => void
  /** No key, or the wrong one: the stream stays closed until it is started anew. */
  readonly refused: (error: RequestError) => void
}

/** The server says something every 15 s, if only a comment. */
const SILENCE_MS = 40_000
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 15_000

const wait = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const done = () => {
      clearTimeout(timer)
      removeEventListener('online', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    // The network is back, so there is no reason to wait on.
    addEventListener('online', done)
    signal.addEventListener('abort', done)
  })

/** Runs until `signal` aborts. */
export const keep_live = async (tenant: string, signal: AbortSignal, calls: LiveCalls): Promise<void> => {
  let failures = 0
  const read_stream = async (stream: AbortController): Promise<void> => {
    let watch = setTimeout(() => stream.abort(), SILENCE_MS)
    try {
      const response = await ask(`/v1/live?tenant=${encodeURIComponent(tenant)}`, stream.signal, {
        accept: 'text/event-stream',
      })
      if (!response.body) throw new Error('the server sends no stream')
      const opening = calls.opened(stream.signal)
      // Looked at below; until then it must not count as unhandled.
      opening.catch(() => stream.abort())
      const reader = event_reader()
      failures = 0
      calls.state({ kind: 'live' })
      for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
        clearTimeout(watch)
        watch = setTimeout(() => stream.abort(), SILENCE_MS)
        for (const event of reader.read(piece)) {
          calls.event(event)
        }
      }
      await opening
    } finally {
      clearTimeout(watch)
      stream.abort()
    }
  }
  while (!signal.aborted) {
    const stream = new AbortController()
    const stop = () => stream.abort()
    signal.addEventListener('abort', stop)
    let reason = 'the stream has ended'
    try {
      await read_stream(stream)
    } catch (error) {
      if (error instanceof RequestError && (error.status === 401 || error.status === 403)) {
        calls.refused(error)
        return
      }
      reason = error instanceof RequestError ? error.message : 'the server does not answer'
    } finally {
      signal.removeEventListener('abort', stop)
    }
    if (signal.aborted) return
    const longest = Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS)
    failures += 1
    // Pages that lost the same server do not all come back in the same instant.
    const ms = longest * (0.75 + Math.random() / 4)
    calls.state({ kind: 'waiting', until_ms: Date.now() + ms, reason })
    await wait(ms, signal)
    if (!signal.aborted) calls.state({ kind: 'connecting' })
  }
}
