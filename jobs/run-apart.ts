/**
 * Computes a job so that one tenant's odd data keep nobody else from an answer. All tenants are computed together, as
 * what a job learns of one may steady the others; only where that throws is each asked alone, and those who throw left out.
 * Rows of the tenant * are everybody's (entries of the catalog): each is asked with them.
 */
import type { Job, JobOutput, JobRow } from './job.ts'

export interface Computed {
  readonly outputs: readonly JobOutput[]
  /** Tenants that the job cannot compute: why. */
  readonly failed: ReadonlyMap<string, string>
}

type Rows = Readonly<Record<string, readonly JobRow[]>>

const ALL = '*'

/** Throws what the job throws where that is nobody's in particular: a row without a tenant, all tenants alone, or none. */
export const run_apart = (job: Job, rows: Rows, as_of: number): Computed => {
  try {
    return { outputs: job.run(rows, as_of), failed: new Map() }
  } catch (error) {
    const tenants = new Set(Object.values(rows).flatMap(each => each.map(({ tenant_id }) => tenant_id)))
    if ([...tenants].some(tenant_id => typeof tenant_id !== 'string')) throw error
    tenants.delete(ALL)
    const failed = new Map<string, string>()
    for (const asked of tenants as Set<string>)
      try {
        job.run(
          only(rows, ({ tenant_id }) => tenant_id === asked || tenant_id === ALL),
          as_of,
        )
      } catch (alone) {
        failed.set(asked, alone instanceof Error ? alone.message : String(alone))
      }
    if (failed.size === 0 || failed.size === tenants.size) throw error
    const others = only(rows, ({ tenant_id }) => !failed.has(tenant_id as string))
    return { outputs: job.run(others, as_of), failed }
  }
}

const only = (rows: Rows, keep: (row: JobRow) => boolean): Rows =>
  Object.fromEntries(Object.entries(rows).map(([name, each]) => [name, each.filter(keep)]))
