/**
 * Requests that arrive at a rate, whether those before them are answered or not: a slow server meets as many as a fast one,
 * and a latency counts from when the request was due (Tene: coordinated omission).
 */
import { Agent, request } from 'node:http'

export interface Asked {
  readonly body: object
  readonly status: number
  /** Parsed, of a 200; else its text. */
  readonly answer: unknown
  /** From when it was due to the last byte of the answer. */
  readonly latency_ms: number
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export const seeded = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** Posts `body_of(i)` for each arrival, with exponential gaps of 1 / rate on average. Resolves when all are answered. */
export const arrive = async (
  url: string,
  { rate, seconds, seed }: { readonly rate: number; readonly seconds: number; readonly seed: number },
  body_of: (i: number) => object,
): Promise<Asked[]> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 2000 })
  const random = seeded(seed)
  const first = performance.now()
  const asked: Promise<Asked>[] = []
  for (let due = first, i = 0; ; i++) {
    due += (-Math.log(1 - random()) * 1000) / rate
    if (due - first > seconds * 1000) break
    const wait = due - performance.now()
    if (wait > 0) await new Promise(resolve => setTimeout(resolve, wait))
    asked.push(ask(agent, url, body_of(i), due))
  }
  const all = await Promise.all(asked)
  agent.destroy()
  return all
}

const ask = (agent: Agent, url: string, body: object, due: number): Promise<Asked> =>
  new Promise(resolve => {
    const text = JSON.stringify(body)
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    const done = (status: number, answer: unknown) =>
      resolve({ body, status, answer, latency_ms: performance.now() - due })
    const out = request(url, { method: 'POST', agent, headers }, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('error', error => done(0, error.message))
      response.on('end', () => {
        const said = Buffer.concat(chunks).toString()
        const status = response.statusCode ?? 0
        done(status, status === 200 ? JSON.parse(said) : said)
      })
    })
    out.on('error', error => done(0, error.message))
    out.end(text)
  })

/** The value that the share `ratio` of them is at most. */
export const quantile = (values: readonly number[], ratio: number): number =>
  [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(values.length * ratio) - 1)] ?? Number.NaN
