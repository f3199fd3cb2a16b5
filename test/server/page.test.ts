/** The page as it is served: every file, without types, with strict headers, cheap to ask again. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAst } from 'vitest/node'
import { memory_server } from './memory-ports.ts'

const folder = join(import.meta.dirname, '../../dashboard')
const modules = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .map(name => name.replaceAll('\\', '/'))
  .filter(name => name.endsWith('.ts'))

const get = async (url: string, headers: Record<string, string> = {}) =>
  (await memory_server()).server.inject({ url, headers })

describe('GET /', () => {
  it('is HTML that needs no key and may load nothing from elsewhere', async () => {
    const { server } = await memory_server({ api_keys: new Map([['00'.repeat(32), '*']]) })
    const page = await server.inject('/')
    expect(page.statusCode).toBe(200)
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.body).toMatch(/^<!doctype html>/)
    const policy = String(page.headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self';")
    expect(policy).not.toMatch(/unsafe|https?:|\*/)
    expect(page.headers['x-content-type-options']).toBe('nosniff')
    expect((await server.inject('/assets/app.ts')).statusCode).toBe(200)
  })

  it('names only files that are served, and no inline code', async () => {
    const { body } = await get('/')
    const named = [...body.matchAll(/(?:src|href)="([^"#]+)"/g)].map(match => match[1]!)
    expect(named.length).toBeGreaterThan(5)
    for (const url of named) expect([url, (await get(url)).statusCode]).toEqual([url, 200])
    expect(body).not.toMatch(/<script(?![^>]* src=)|\son\w+=|\sstyle=/)
  })
})

describe('GET /assets', () => {
  it.each(modules)('%s is JavaScript', async name => {
    const { statusCode, headers, body } = await get(`/assets/${name}`)
    expect([statusCode, headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8'])
    expect(() => parseAst(body, { lang: 'js' })).not.toThrow()
    for (const [, from = ''] of body.matchAll(/^import\b[^'"]*['"]([^'"]+)['"]/gm)) {
      const url = new URL(from, `http://page/assets/${name}`).pathname
      expect([url, (await get(url)).statusCode]).toEqual([url, 200])
    }
  })

  it('has the charting library, which asks for no source map', async () => {
    const { statusCode, body } = await get('/assets/chart.js')
    expect(statusCode).toBe(200)
    expect(body).toContain('Chart.js v')
    expect(body).not.toContain('sourceMappingURL')
  })

  it('gives nothing that is not a part of the page', async () => {
    for (const url of ['/assets/tsconfig.json', '/assets/index.html', '/assets/../package.json', '/assets/'])
      expect([url, (await get(url)).statusCode]).toEqual([url, 404])
  })

  it('answers 304 to who has it already', async () => {
    const first = await get('/assets/theme.css')
    const etag = String(first.headers.etag)
    expect(first.headers['cache-control']).toBe('no-cache')
    const again = await get('/assets/theme.css', { 'if-none-match': `"other", W/${etag}` })
    expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag])
    expect((await get('/assets/theme.css', { 'if-none-match': '"other"' })).statusCode).toBe(200)
  })

  it('strips types without a word on the console', async () => {
    const said: unknown[] = []
    const listen = (warning: Error) => said.push(warning.message)
    process.on('warning', listen)
    await get('/assets/app.ts')
    await new Promise(setImmediate)
    process.off('warning', listen)
    expect(said).toEqual([])
  })
})
