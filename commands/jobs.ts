/**
 * `npm run jobs -- [NAME …]`: what is fitted by itself every day or six hours is fitted now. Beside a running process on this data directory
 * that process does it; else this one does, on the installation's ports.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { compute_in_thread } from '../jobs/in-thread.ts'
import { jobs } from '../jobs/index.ts'
import { run_job, told_failures } from '../jobs/run-job.ts'
import { type Config, help_text, type Option, parse_config } from '../runtime/config.ts'
import { create_logger } from '../runtime/logger.ts'
import { as_installed, open_system } from '../runtime/system.ts'
import type { JobStatus } from '../server/server-deps.ts'
import { CommandError, one_line, read_endpoints, run_command } from './command.ts'

const own = [
  {
    name: 'as_of',
    flag: 'as-of',
    value: 'TIME',
    type: z.iso.datetime({ offset: true, message: 'a time such as 2026-06-01T00:00:00Z' }),
    meaning: 'only what happened before it is known (ISO 8601; now without)',
  },
  {
    name: 'api_key',
    flag: 'api-key',
    value: 'KEY',
    type: z.string(),
    meaning: 'of an administrator, where the running process asks for one',
  },
] as const satisfies readonly Option[]

const USAGE = `npm run jobs -- [NAME …] [options]
  the jobs: ${jobs.map(job => job.name).join(', ')}`
const POLL_MS = 300

const main = async (): Promise<number> => {
  const names_max = jobs.length
  const {
    config,
    own: chosen,
    help,
    positionals,
  } = parse_config(process.argv.slice(2), process.env, own, names_max)
  if (help) {
    process.stdout.write(help_text(USAGE, own))
    return 0
  }
  const as_of = chosen.as_of === undefined ? Date.now() : Date.parse(chosen.as_of)
  if (as_of > Date.now()) throw new CommandError(`--as-of ${chosen.as_of} is still to come`)
  const names = positionals.length > 0 ? positionals : jobs.map(job => job.name)
  for (const name of names)
    if (!jobs.some(job => job.name === name)) throw new CommandError(`there is no job ${name}\n${USAGE}`)
  const running = config.cluster ? null : read_endpoints(config.data_dir)
  const failed = running
    ? await ask_process(running.http, names, as_of, chosen.api_key)
    : await run_here(config, names, as_of)
  for (const line of failed) process.stderr.write(`${line}\n`)
  return failed.length === 0 ? 0 : 1
}

/** Resolves with what failed for some tenants, a line a job. */
const run_here = async (config: Config, names: readonly string[], as_of: number): Promise<string[]> => {
  const failed: string[] = []
  const system = await open_system(await as_installed(config), create_logger('warn'))
  const stop = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort())
  try {
    for (const job of jobs.filter(({ name }) => names.includes(name))) {
      process.stderr.write(`${job.name} …\n`)
      const ran = await run_job(job, as_of, system, compute_in_thread(stop.signal), stop.signal)
      process.stdout.write(`${job.name}: ${told(ran.written)}\n`)
      const failures = told_failures(ran)
      if (failures !== null) failed.push(`${job.name}: ${failures}`)
    }
    return failed
  } finally {
    await system.close()
  }
}

const told = (written: Readonly<Record<string, number>>): string =>
  Object.entries(written)
    .map(([topic, rows]) => `${rows} rows of ${topic}`)
    .join(', ')

const ask_process = async (
  url: string,
  names: readonly string[],
  as_of: number,
  api_key: string | undefined,
): Promise<string[]> => {
  const failed: string[] = []
  const headers = { 'content-type': 'application/json', ...(api_key && { 'x-api-key': api_key }) }
  const ask = async <T>(path: string, body?: object): Promise<T> => {
    const asked = body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers }
    const response = await fetch(`${url}${path}`, asked).catch(error => {
      throw new CommandError(`${url} does not answer: ${one_line(error)}`)
    })
    const answer = (await response.json()) as { reason?: string }
    if (!response.ok) throw new CommandError(`${path}: ${answer.reason ?? response.status}`)
    return answer as T
  }
  const status_of = async (name: string): Promise<JobStatus> => {
    const found = (await ask<readonly JobStatus[]>('/v1/jobs')).find(job => job.name === name)
    if (!found) throw new CommandError(`${url} runs other code: it knows no job ${name}`)
    return found
  }
  for (const name of names) {
    const { run } = await ask<{ run: number }>(`/v1/jobs/${name}`, { as_of: new Date(as_of).toISOString() })
    process.stderr.write(`${name} …\n`)
    let status = await status_of(name)
    for (; status.runs < run; status = await status_of(name)) await sleep(POLL_MS)
    const { error } = status
    if (error !== null) failed.push(`${name}: ${error}`)
    else process.stdout.write(`${name}: done\n`)
  }
  return failed
}

await run_command(main)
