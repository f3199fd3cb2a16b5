/**
 * Four workers, eight tenants of 50 buyers with caps, and workers killed by `kill -9` while leads and answers come: no cap is
 * exceeded by one, no lead is sold twice, none is lost. LEADS (default 4,000), LEAD_KILLS (default 3) and SEED come from
 * the environment; LEADS=100000 LEAD_KILLS=20 is the full run.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { minutes, seconds } from '../../schemas/units.ts'
import { seeded_random } from '../simulation/scheduler.ts'
import { caught_up, Installation, PARTITIONS } from './installation.ts'
import { audit_routes, read_routes } from './lead-market/audit.ts'
import { BEGINS, buyers_of, chunks_of, type Scale, tenant_of } from './lead-market/history.ts'
import type { MemberReadiness } from './member.ts'

const KILLS = Number(process.env.LEAD_KILLS || 3)
const scale: Scale = {
  tenants: 8,
  buyers: 50,
  leads: Number(process.env.LEADS || 4000),
  seed: Number(process.env.SEED || 1),
}
const WORKERS = 4
/** From a kill to the next; the leads come no faster than that takes. */
const CYCLE_MS = [2000, 6000] as const
const BATCH = 500
const WITHIN_MS = minutes(4) + KILLS * seconds(15) + scale.leads * 10

let installation: Installation
afterAll(() => installation?.close())

/** Sent again under the same ids until it is durable. */
const post = async (topic: string, rows: readonly object[]): Promise<void> => {
  for (let at = 0; at < rows.length; at += BATCH)
    for (const deadline = Date.now() + 60_000; ; await sleep(200)) {
      const response = await fetch(`${installation.http}/v1/events/${topic}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(rows.slice(at, at + BATCH)),
      }).catch(() => null)
      if (response?.status === 202) break
      const told = response ? await response.text() : 'no answer'
      if (Date.now() > deadline || response?.status === 400) throw new Error(`${topic}: ${told}`)
    }
}

const pids = async (): Promise<number[]> => {
  const state = (await installation.status().catch(() => null)) as MemberReadiness | null
  return (state?.workers ?? []).flatMap(({ pid }) => pid ?? [])
}

const kill_workers = async (stop: AbortSignal): Promise<number> => {
  const random = seeded_random(scale.seed)
  let kills = 0
  while (kills < KILLS && !stop.aborted) {
    await sleep(random.between(...CYCLE_MS))
    const living = await pids()
    const pid = living[random.between(0, living.length - 1)]
    if (pid === undefined) continue
    try {
      process.kill(pid, 'SIGKILL')
      kills++
    } catch {
      // It has gone since it was named.
    }
  }
  return kills
}

/** Time has gone on to today, nothing is left to come: reservations have ended one way or the other. */
const over = async (): Promise<void> => {
  const today = Date.now() - minutes(10)
  for (const deadline = Date.now() + WITHIN_MS / 2; ; await sleep(500)) {
    const tasks = (await installation.status()).tasks.filter(({ group }) => group === 'tenant')
    if (tasks.length === PARTITIONS && tasks.every(task => (task.stream_time_ms ?? today) >= today)) break
    if (Date.now() > deadline) throw new Error(`time stands still: ${JSON.stringify(tasks).slice(0, 2000)}`)
  }
  await caught_up(installation, WITHIN_MS / 2)
}

test(`${scale.leads} leads, ${KILLS} kills: caps hold, none is sold twice or lost`, {
  timeout: WITHIN_MS,
}, async () => {
  const began = Date.now()
  installation = await Installation.cluster(async () => ({ KAFKA_SESSION_MS: '3000' }))
  await installation.start(undefined, '--workers', String(WORKERS))
  await installation.hold_time('open')
  const buyers = buyers_of(scale)
  const entry = (id: string) => ({
    event_id: `buyers|${id}|${BEGINS}|0`,
    tenant_id: id,
    kind: 'buyers',
    id,
    occurred_at: BEGINS,
    effective_at: 0,
    revision: 0,
    body: JSON.stringify({ buyers }),
  })
  const names = Array.from({ length: scale.tenants }, (_, n) => tenant_of(n, scale))
  await post('catalog', names.map(entry))
  await caught_up(installation)

  const stop = new AbortController()
  const killing = kill_workers(stop.signal)
  const chunks = chunks_of(scale)
  const loaded = Date.now()
  for (const [i, { conversations, feedback }] of chunks.entries()) {
    await post('conversations', conversations)
    await post('feedback', feedback)
    const slow_ms = ((i + 1) / chunks.length) * KILLS * CYCLE_MS[1]
    await sleep(Math.max(0, loaded + slow_ms - Date.now()))
  }
  const sent_s = (Date.now() - loaded) / 1000
  stop.abort()
  const kills = await killing
  await caught_up(installation, WITHIN_MS / 2)
  await installation.hold_time('close')
  await over()

  const brokers = installation.services?.address('kafka').split(',') ?? []
  const routes = await read_routes(brokers, PARTITIONS)
  const { rows, ended, over_cap, sold_twice, doubled, fullest_ratio } = audit_routes(routes, buyers)
  const took_s = Math.round((Date.now() - began) / 1000)
  console.log(
    `${scale.leads} leads of ${scale.tenants} tenants in ${sent_s.toFixed(0)} s (${took_s} s in all), ${kills} kills: ` +
      `rows ${JSON.stringify(rows)}, leads ended ${JSON.stringify(ended)}, fullest cap ${fullest_ratio.toFixed(2)}`,
  )
  expect({ over_cap, sold_twice, doubled }).toEqual({ over_cap: [], sold_twice: [], doubled: 0 })
  const first = routes.filter(({ event_id }) => event_id.endsWith('|hand-off'))
  expect(first).toHaveLength(scale.leads)
  const { confirmed = 0, unsold = 0 } = ended
  expect(confirmed + unsold, 'somebody has it in the end, or nobody').toBe(scale.leads)
  expect(confirmed).toBeGreaterThan(scale.leads / 4)
  // Without pressure nothing would be shown.
  expect(fullest_ratio).toBeGreaterThan(0.7)
  expect(rows.released).toBeGreaterThan(scale.leads / 10)
  expect(kills).toBe(KILLS)
  expect(await installation.problems()).toEqual([])
})
