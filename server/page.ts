/**
 * The page at / and what it is made of, straight from dashboard/: the browser gets the TypeScript files with their
 * types taken off, so there is no build step. Served without a key; the numbers behind it are not.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire, stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'

interface Asset {
  readonly body: Buffer
  readonly type: string
  readonly etag: string
}

const FOLDER = join(import.meta.dirname, '../dashboard')
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  ts: 'text/javascript; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
}

/** Nothing but this origin, no inline code, no frames: a number on this page is this server's. */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-cache',
}

const without_types = (text: string): string => {
  // Node calls this function experimental each time a process first uses it; that it may change is known.
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(text)
  } finally {
    process.emitWarning = emitWarning
  }
}

const asset_of = (name: string, text: string): Asset => {
  const ending = name.slice(name.lastIndexOf('.') + 1)
  const body = Buffer.from(ending === 'ts' ? without_types(text) : text)
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  return { body, etag, type: TYPES[ending]! }
}

const chart_text = (): string => {
  // The package exports no path of this file, its entry stands beside it.
  const entry = createRequire(import.meta.url).resolve('chart.js')
  const text = readFileSync(join(entry, '../chart.umd.min.js'), 'utf8')
  return text.replace(/^\/\/# sourceMappingURL=.*$/m, '')
}

/** By path of the URL. */
const load_assets = (): ReadonlyMap<string, Asset> => {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .map(name => name.replaceAll('\\', '/'))
    .filter(name => /\.(html|css|ts|svg)$/.test(name))
  const assets = new Map(
    files.map(name => [`/assets/${name}`, asset_of(name, readFileSync(join(FOLDER, name), 'utf8'))]),
  )
  assets.set('/', assets.get('/assets/index.html')!)
  assets.delete('/assets/index.html')
  assets.set('/assets/chart.js', asset_of('chart.js', chart_text()))
  return assets
}

let loaded: ReadonlyMap<string, Asset> | null = null

/** The files are read once per process. */
export const page_routes = (server: FastifyInstance): void => {
  loaded ??= load_assets()
  for (const [url, { body, type, etag }] of loaded)
    server.get(url, (request, reply) => {
      reply.headers(HEADERS).header('etag', etag)
      if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send()
      return reply.type(type).send(body)
    })
}

/** A cache in between may have made the tag a weak one. */
const matches = (given: string | undefined, etag: string): boolean =>
  given?.split(',').some(tag => tag.trim().replace(/^W\//, '') === etag) ?? false
