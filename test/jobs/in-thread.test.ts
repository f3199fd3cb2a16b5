/** A job computed in a thread of its own: what comes back across its boundary. */
import { expect, it } from 'vitest'
import job from '../../jobs/attribution-effects.ts'
import { compute_in_thread } from '../../jobs/in-thread.ts'
import type { JobRow } from '../../jobs/job.ts'

const path = (tenant_id: string, places: readonly string[] | null): JobRow => ({
  ...{ tenant_id, dimension: 'channel', places, conversions: 1, nulls: 1 },
})
const compute = (paths: readonly JobRow[], stop = new AbortController()) =>
  compute_in_thread(stop.signal)(job, { paths }, 7)

it('answers with the outputs, and with the tenants that it cannot compute', async () => {
  const { outputs, failed } = await compute([path('odd', null), path('t', ['search'])])
  expect(new Set(outputs.map(({ row }) => row.tenant_id))).toEqual(new Set(['t']))
  expect([...failed.keys()]).toEqual(['odd'])
})

it('rejects with the job’s own error where nobody can be computed, and when it is stopped', async () => {
  await expect(compute([path('odd', null)])).rejects.toThrow(/null|iterable/)
  const stop = new AbortController()
  const stopped = compute([path('t', ['search'])], stop)
  stop.abort()
  await expect(stopped).rejects.toThrow('job attribution-effects was stopped')
})
