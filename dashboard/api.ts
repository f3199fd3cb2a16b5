/** Requests to the server the page came from, with the API key of this tab if one was given. */
import type { Board } from '../server/board/board.ts'

const KEY = 'api-key'

export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly status: number
  constructor(status: number, reason: string) {
    super(reason)
    this.status = status
  }
}

export const keep_key = (key: string): void => sessionStorage.setItem(KEY, key)
export const kept_key = (): string | null => sessionStorage.getItem(KEY)

/** Answers that are not 2xx throw, with the reason the server gives. */
export const ask = async (
  path: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
  said?: object,
): Promise<Response> => {
  const key = kept_key()
  const response = await fetch(path, {
    ...(said && { method: 'POST', body: JSON.stringify(said) }),
    signal,
    cache: 'no-store',
    headers: { ...headers, ...(key ? { authorization: `Bearer ${key}` } : {}) },
  })
  if (response.ok) return response
  const body: unknown = await response.json().catch(() => null)
  const reason =
    typeof body === 'object' && body !== null && 'reason' in body
      ? String(body.reason)
      : `the server answers ${response.status}`
  throw new RequestError(response.status, reason)
}

const json = { accept: 'application/json' }
const PATIENCE_MS = 20_000
const patient = (signal: AbortSignal): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)])

const SAYING_MS = 10_000
/** Says something to the server; resolves when it is durable. */
export const say = async (path: string, body: object): Promise<void> => {
  const headers = { ...json, 'content-type': 'application/json' }
  await ask(path, AbortSignal.timeout(SAYING_MS), headers, body)
}

export const ask_tenants = async (signal: AbortSignal): Promise<readonly string[]> => {
  const response = await ask('/v1/tenants', patient(signal), json)
  const { tenants } = (await response.json()) as { tenants: readonly string[] }
  return tenants
}

/** The board, and the server's clock when it answered. */
export const ask_board = async (
  tenant: string,
  signal: AbortSignal,
): Promise<{ readonly board: Board; readonly server_ms: number }> => {
  const response = await ask(`/v1/board?tenant=${encodeURIComponent(tenant)}`, patient(signal), json)
  const server_ms = Date.parse(response.headers.get('date') ?? '') || Date.now()
  return { board: (await response.json()) as Board, server_ms }
}
