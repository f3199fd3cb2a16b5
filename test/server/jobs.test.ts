/** Jobs of the process over HTTP: how they stand, and one that is asked for. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Jobs } from '../../server/server-deps.ts'
import { memory_server } from './memory-ports.ts'

let asked: [name: string, as_of: number][]
let jobs: Jobs
let full: boolean
beforeEach(() => {
  asked = []
  full = false
  jobs = {
    status: () => [
      { name: 'lifetime-value', every_ms: 86_400_000, done_at: 5, running: false, runs: 1, error: null },
    ],
    run: (name, as_of) => {
      if (full) return null
      asked.push([name, as_of])
      return { run: 2, ended: Promise.resolve() }
    },
  }
})

const posted = async (url: string, payload?: object) => {
  const { server } = await memory_server({ jobs })
  const response = await server.inject({ method: 'POST', url, ...(payload && { payload }) })
  return { status: response.statusCode, body: response.json(), headers: response.headers }
}

describe('/v1/jobs', () => {
  it('says how each stands', async () => {
    const { server } = await memory_server({ jobs })
    expect((await server.inject('/v1/jobs')).json()).toEqual(jobs.status())
  })

  it('runs one as of now, or as of an earlier moment', async () => {
    const before = Date.now()
    const { status, body } = await posted('/v1/jobs/lifetime-value')
    expect([status, body.run]).toEqual([202, 2])
    expect(Date.parse(body.as_of)).toBeGreaterThanOrEqual(before)
    await posted('/v1/jobs/lifetime-value', { as_of: '2026-03-01T02:00:00+02:00' })
    expect(asked[1]).toEqual(['lifetime-value', Date.UTC(2026, 2, 1)])
  })

  it.each([
    ['/v1/jobs/other', {}, 404, /there is no job other: lifetime-value/],
    ['/v1/jobs/lifetime-value', { as_of: 'yesterday' }, 400, /ISO datetime/],
    ['/v1/jobs/lifetime-value', { as_of: '2999-01-01T00:00:00Z' }, 400, /is still to come/],
    ['/v1/jobs/lifetime-value', { until: 1 }, 400, /[Uu]nrecognized/],
  ])('refuses %s %j with %i', async (url, payload, expected, reason) => {
    const { status, body } = await posted(url, payload)
    expect(status).toBe(expected)
    expect(body.reason).toMatch(reason)
    expect(asked).toEqual([])
  })

  it('refuses one more where too many wait', async () => {
    full = true
    const { status, body, headers } = await posted('/v1/jobs/lifetime-value')
    expect([status, body.error, headers['retry-after']]).toEqual([429, 'TOO_MANY_RUNS', '10'])
    expect(body.reason).toMatch(/waiting/)
  })

  it('is not there in a process that runs none', async () => {
    const { server } = await memory_server({})
    expect((await server.inject('/v1/jobs')).statusCode).toBe(404)
  })
})
