/** The ClickHouse HTTP interface: what a request asks of chDB, and how answers and errors are put. */
import { randomUUID, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { inflated_frames } from './warehouse-frames.ts'
import { type Answer, ClickHouseFault, type Sessions, type Statement } from './warehouse-session.ts'
import { format_asked } from './warehouse-statements.ts'

export interface Endpoint {
  readonly sessions: Sessions
  /** Of each user; '' asks for none. */
  readonly passwords: ReadonlyMap<string, string>
}

const BODY_MAX = 1 << 30
/** Asked by clients and balancers to see whether anybody is here. */
const PROBES = new Set(['/ping', '/replicas_status'])
/** These change nothing. */
const READING = new Set(['GET', 'HEAD'])
/** Of the interface itself; everything else in the address is a setting or a parameter. */
const RESERVED = new Set(
  `query database default_format user password session_id session_timeout session_check query_id quota_key stacktrace
  buffer_size wait_end_of_query client_protocol_version role compress decompress close_session framing`.split(
    /\s+/,
  ),
)
const NOT_FOUND = new Set([34, 35, 46, 47, 50, 56, 60, 63, 73, 81, 115, 336])
const BAD_REQUEST = new Set([
  6, 26, 27, 36, 38, 41, 42, 43, 44, 53, 62, 69, 70, 71, 72, 117, 130, 131, 321, 349, 377, 441, 456, 457, 467,
  469, 637,
])
const STATUS: Readonly<Record<number, number>> = { 48: 501, 164: 500, 194: 401, 497: 403, 516: 403 }

const CONTENT_TYPES: readonly (readonly [RegExp, string])[] = [
  [/^(?:JSONEachRow|JSONLines|NDJSON|JSON\w*EachRow\w*)$/i, 'application/x-ndjson; charset=UTF-8'],
  [/^JSON/i, 'application/json; charset=UTF-8'],
  [/^CSV/i, 'text/csv; charset=UTF-8; header=absent'],
  [/^(?:TSV|TabSeparated)/i, 'text/tab-separated-values; charset=UTF-8'],
  [/^(?:Native|RowBinary|Parquet|Arrow|Avro|ORC|MsgPack|Protobuf|RawBLOB)/i, 'application/octet-stream'],
]

/** Serves one request; never throws. */
export const answer = async (
  endpoint: Endpoint,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const url = URL.parse(request.url ?? '/', 'http://localhost')
  if (!url) return respond_text(response, 400, 'the address of the request is none\n')
  response.setHeader('X-ClickHouse-Server-Display-Name', 'tributary')
  response.setHeader('X-ClickHouse-Query-Id', query_id_of(url))
  response.setHeader('X-ClickHouse-Timezone', 'UTC')
  try {
    if (PROBES.has(url.pathname)) return void response.end('Ok.\n')
    if (url.pathname !== '/') return void respond_text(response, 404, `There is no handle ${url.pathname}\n`)
    if (request.method !== 'POST' && !READING.has(request.method ?? ''))
      return void respond_text(response, 405, `method ${request.method} is not supported\n`)
    refuse_strangers(request)
    const user = authenticate(endpoint.passwords, request, url)
    const body = await text_and_data(endpoint.sessions, request, url)
    if (body.length === 0) return void response.end('Ok.\n')
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const statement = { ...statement_of(user, body, request, url), signal: gone.signal }
    const result = await endpoint.sessions.run(statement)
    const framed =
      url.searchParams.get('compress') === '1' && result.bytes.length > 0
        ? await endpoint.sessions.compressed(result.bytes)
        : result.bytes
    await respond(request, response, url, statement, { ...result, sent: framed })
  } catch (error) {
    respond_error(response, error)
  }
}

/**
 * Any page that a browser shows can send a statement to this machine; it could not read the answer, but it would run.
 * Browsers say whose page asks, other clients say nothing.
 */
const refuse_strangers = (request: IncomingMessage): void => {
  const site = request.headers['sec-fetch-site']
  if (site === undefined || site === 'none' || site === 'same-origin') return
  throw new ClickHouseFault(497, 'ACCESS_DENIED', 'statements are not taken from pages of other origins.')
}

/** The one that the client chose, where a header can hold it. */
const query_id_of = (url: URL): string => {
  const given = url.searchParams.get('query_id') ?? ''
  return /^[\x20-\x7e]+$/.test(given) ? given : randomUUID()
}

/** The user of the request. Throws AUTHENTICATION_FAILED without saying which of name and password was wrong. */
const authenticate = (passwords: Endpoint['passwords'], request: IncomingMessage, url: URL): string => {
  const header = (name: string) => {
    const value = request.headers[name]
    return typeof value === 'string' ? value : undefined
  }
  const basic = /^Basic (.+)$/i.exec(header('authorization') ?? '')?.[1]
  const pair = basic ? Buffer.from(basic, 'base64').toString() : ''
  const colon = pair.indexOf(':')
  const user =
    header('x-clickhouse-user') ??
    (basic ? pair.slice(0, colon) : (url.searchParams.get('user') ?? 'default'))
  const given =
    header('x-clickhouse-key') ?? (basic ? pair.slice(colon + 1) : (url.searchParams.get('password') ?? ''))
  const name = user || 'default'
  const wanted = passwords.get(name)
  // A user without a password is let in whatever is given: clients send a stored one to any server.
  if (wanted === '' || (wanted !== undefined && same(wanted, given))) return name
  const text = `${name}: Authentication failed: password is incorrect, or there is no user with such name.`
  throw new ClickHouseFault(516, 'AUTHENTICATION_FAILED', text)
}
const same = (a: string, b: string) => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** The statement of the address followed by the body, as ClickHouse reads them. */
const text_and_data = async (sessions: Sessions, request: IncomingMessage, url: URL): Promise<Buffer> => {
  if (/^multipart\//i.test(request.headers['content-type'] ?? ''))
    throw new ClickHouseFault(48, 'NOT_IMPLEMENTED', 'external tables (multipart bodies) are not supported.')
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    length += (chunk as Buffer).length
    if (length > BODY_MAX)
      throw new ClickHouseFault(307, 'TOO_MANY_BYTES', `the body exceeds ${BODY_MAX} bytes.`)
    chunks.push(chunk as Buffer)
  }
  const sent = await decoded(sessions, Buffer.concat(chunks), request.headers['content-encoding'] ?? '')
  const body = url.searchParams.get('decompress') === '1' ? await inflated(sessions, sent) : sent
  const query = url.searchParams.get('query') ?? ''
  if (!query) return body
  return body.length === 0 ? Buffer.from(query) : Buffer.concat([Buffer.from(`${query}\n`), body])
}

const inflated = async (sessions: Sessions, bytes: Buffer): Promise<Buffer> => {
  try {
    return await inflated_frames(bytes, file => sessions.decoded(file, 'lz4'), BODY_MAX)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ClickHouseFault(432, 'UNKNOWN_COMPRESSION_METHOD', `the body is not compressed blocks: ${why}.`)
  }
}

const decoded = async (sessions: Sessions, bytes: Buffer, encoding: string): Promise<Buffer> => {
  const options = { maxOutputLength: BODY_MAX }
  try {
    if (encoding === '' || encoding === 'identity' || bytes.length === 0) return bytes
    if (encoding === 'gzip' || encoding === 'x-gzip') return await promisify(zlib.gunzip)(bytes, options)
    if (encoding === 'deflate') return await promisify(zlib.inflate)(bytes, options)
    if (encoding === 'br') return await promisify(zlib.brotliDecompress)(bytes, options)
    if (encoding === 'zstd') return await promisify(zlib.zstdDecompress)(bytes, options)
    if (encoding === 'lz4' || encoding === 'xz' || encoding === 'bz2')
      return await sessions.decoded(bytes, encoding)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ClickHouseFault(
      27,
      'CANNOT_PARSE_INPUT_ASSERTION_FAILED',
      `the body is not ${encoding}: ${why}.`,
    )
  }
  throw new ClickHouseFault(48, 'NOT_IMPLEMENTED', `Content-Encoding ${encoding} is not supported.`)
}

const statement_of = (
  user: string,
  body: Buffer,
  request: IncomingMessage,
  url: URL,
): Omit<Statement, 'signal'> => {
  const settings = new Map<string, string>()
  const params = new Map<string, string>()
  for (const [name, value] of url.searchParams) {
    if (RESERVED.has(name)) continue
    if (name.startsWith('param_')) params.set(name.slice(6), value)
    else settings.set(name, value)
  }
  const header = (name: string) => request.headers[name]?.toString() ?? ''
  return {
    user,
    body,
    settings,
    params,
    database: url.searchParams.get('database') || header('x-clickhouse-database'),
    format: url.searchParams.get('default_format') || header('x-clickhouse-format') || 'TabSeparated',
    reads_only: READING.has(request.method ?? ''),
  }
}

const respond = async (
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  statement: Statement,
  result: Answer & { readonly sent: Uint8Array },
): Promise<void> => {
  const format = format_asked(statement.body.subarray(-4096).toString()) ?? statement.format
  const [rows, bytes] = [String(result.rows), String(result.read_bytes)]
  const none = '0'
  const summary = {
    read_rows: rows,
    read_bytes: bytes,
    written_rows: result.written ? rows : none,
    written_bytes: result.written ? bytes : none,
    total_rows_to_read: none,
    result_rows: result.written ? none : rows,
    result_bytes: String(result.bytes.length),
    elapsed_ns: String(Math.round(result.elapsed_s * 1e9)),
  }
  response.setHeader('X-ClickHouse-Summary', JSON.stringify(summary))
  response.setHeader('X-ClickHouse-Format', format)
  response.setHeader(
    'Content-Type',
    CONTENT_TYPES.find(([names]) => names.test(format))?.[1] ?? 'text/plain; charset=UTF-8',
  )
  const accepted =
    url.searchParams.get('enable_http_compression') === '1' ? request.headers['accept-encoding'] : ''
  response.end(await encoded(result.sent, accepted?.toString() ?? '', response))
}

const encoded = async (
  bytes: Uint8Array,
  accepted: string,
  response: ServerResponse,
): Promise<Uint8Array> => {
  const named = new Set(accepted.split(',').map(part => part.split(';')[0]?.trim() ?? ''))
  const methods = { gzip: zlib.gzip, zstd: zlib.zstdCompress, deflate: zlib.deflate } as const
  for (const [name, compress] of Object.entries(methods)) {
    if (!named.has(name)) continue
    response.setHeader('Content-Encoding', name)
    return promisify(compress as typeof zlib.gzip)(bytes)
  }
  return bytes
}

const respond_error = (response: ServerResponse, error: unknown) => {
  if (!(error instanceof ClickHouseFault)) {
    const text = error instanceof Error ? error.message : String(error)
    respond_error(response, new ClickHouseFault(1002, 'UNKNOWN_EXCEPTION', text))
    return
  }
  response.setHeader('X-ClickHouse-Exception-Code', String(error.code))
  const status =
    STATUS[error.code] ?? (NOT_FOUND.has(error.code) ? 404 : BAD_REQUEST.has(error.code) ? 400 : 500)
  respond_text(response, status, `${error.message}\n`)
}

const respond_text = (response: ServerResponse, status: number, text: string) => {
  response.statusCode = status
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8')
  response.end(text)
}
