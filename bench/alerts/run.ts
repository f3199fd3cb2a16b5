/**
 * node bench/alerts/run.ts [WINDOWS] [RATE]: how long after an event the alert is on `alerts` that it is a cause of. Payments
 * arrive at a rate (50 a second) over WINDOWS (3) windows of five minutes; in each window those of other tenants fail, from its
 * first second to its last, and the alert of each of these tenants is waited for, read committed, on the topic's stream. Prints the
 * distribution over all failing payments: a window's length is in it, since a window is judged when it is over. On the
 * embedded stack; with BENCH_STACK=kafka on Kafka, registry and Redis. SPEED=20 lets event time run so much faster than the
 * clock; then only what passes behind a window's end is of use, in wall time.
 */
import { cpus, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { minutes, seconds } from '../../schemas/units.ts'
import { Installation } from '../../test/services/installation.ts'
import { quantile, seeded } from '../endpoint/arrivals.ts'

const WINDOWS = Number(process.argv[2] ?? 3)
const RATE = Number(process.argv[3] ?? 50)
const SPEED = Number(process.env.SPEED ?? 1)
const WINDOW_MS = minutes(5)
const TENANTS_A_WINDOW = 8
const SEND_EVERY_MS = 50
/** Traffic goes on behind the last window, so that time does. */
const AFTER_MS = seconds(20)
const GOAL_MS = WINDOW_MS + 100

const tenant = (window: number, i: number): string => `bench-${window}-${i}`

interface Failing {
  readonly due_ms: number
  readonly tenant_id: string
}

/** Sends payments as they fall due until `until_ms` (event time); those that fail as told. */
const send = async (url: string, first_ms: number, until_ms: number): Promise<Failing[]> => {
  const random = seeded(1)
  const began = Date.now()
  const event_now = () => first_ms + (Date.now() - began) * SPEED
  const failing: Failing[] = []
  for (let due_ms = first_ms, i = 0; due_ms < until_ms; ) {
    const rows: object[] = []
    for (; due_ms <= event_now() && due_ms < until_ms; i++) {
      const of = Math.floor(random() * (WINDOWS + 1) * TENANTS_A_WINDOW)
      // One group of tenants never fails.
      const [window, place] = [Math.floor(of / TENANTS_A_WINDOW), of % TENANTS_A_WINDOW]
      const fails = window < WINDOWS && Math.floor((due_ms - first_ms) / WINDOW_MS) === window
      const tenant_id = tenant(window, place)
      if (fails) failing.push({ due_ms, tenant_id })
      rows.push({
        event_id: `pay-${i}`,
        tenant_id,
        customer_id: `c-${Math.floor(random() * 1000)}`,
        occurred_at: Math.floor(due_ms),
        type: fails ? 'payment_failed' : 'payment_succeeded',
        amount_minor: 1000,
        currency: 'EUR',
      })
      due_ms += (-Math.log(1 - random()) * 1000 * SPEED) / RATE
    }
    if (rows.length > 0) await post(url, rows)
    await sleep(SEND_EVERY_MS)
  }
  return failing
}

const post = async (url: string, body: unknown): Promise<void> => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
}

/** When the first firing alert of failing payments of each tenant could be read. */
const listen = (http: string, signal: AbortSignal): ReadonlyMap<string, number> => {
  const seen = new Map<string, number>()
  const read = async (): Promise<void> => {
    const { body } = await fetch(`${http}/v1/topics/alerts/stream`, { signal })
    let text = ''
    for await (const part of body!.pipeThrough(new TextDecoderStream())) {
      const at = Date.now()
      text += part
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1]
        text = text.slice(end + 2)
        const row = data ? JSON.parse(data) : {}
        if (row.rule === 'payment_failures' && row.status === 'firing' && !seen.has(row.tenant_id))
          seen.set(row.tenant_id, at)
      }
    }
  }
  void read().catch(error => {
    if (!signal.aborted) throw error
  })
  return seen
}

const report = (name: string, times: readonly number[]): void => {
  const of = (ratio: number): string => (quantile(times, ratio) / 1000).toFixed(3)
  console.log(
    `${name}, s: p50 ${of(0.5)}, p90 ${of(0.9)}, p99 ${of(0.99)}, p99.9 ${of(0.999)}, max ${of(1)} (${times.length})`,
  )
}

const load_text = (): string =>
  `load ${loadavg()
    .map(each => each.toFixed(1))
    .join(' ')} on ${cpus().length} cores (${cpus()[0]?.model})`

const main = async (system: Installation): Promise<void> => {
  await system.start()
  const stop = new AbortController()
  const seen = listen(system.http, stop.signal)
  const url = `${system.http}/v1/events/payments`
  // Event time begins with a window, in the past where it runs faster than the clock.
  const lasts_ms = WINDOWS * WINDOW_MS + AFTER_MS * SPEED
  const next_ms = Math.ceil((Date.now() + seconds(1)) / WINDOW_MS) * WINDOW_MS
  const first_ms = SPEED === 1 ? next_ms : Math.floor((Date.now() - lasts_ms) / WINDOW_MS) * WINDOW_MS
  if (SPEED === 1) {
    console.log(`waiting ${Math.round((next_ms - Date.now()) / 1000)} s for a window to begin`)
    await sleep(next_ms - Date.now())
  }
  const began = Date.now()
  const wall_of = (event_ms: number) => began + (event_ms - first_ms) / SPEED
  console.log(`before: ${load_text()}`)
  const failing = await send(url, first_ms, first_ms + lasts_ms)
  console.log(`after:  ${load_text()}`)
  stop.abort()
  const missing = new Set(failing.map(({ tenant_id }) => tenant_id).filter(id => !seen.has(id)))
  const told = failing.filter(({ tenant_id }) => seen.has(tenant_id))
  const delays = told.map(({ due_ms, tenant_id }) => seen.get(tenant_id)! - wall_of(due_ms))
  const behind = [...seen].map(([id, at]) => {
    const window = Number(id.split('-')[1])
    return at - wall_of(first_ms + (window + 1) * WINDOW_MS)
  })
  if (SPEED === 1) {
    report('from a failing payment to its alert', delays)
    const p99_ms = quantile(delays, 0.99)
    console.log(
      `p99 is ${p99_ms <= GOAL_MS ? 'within' : 'beyond'} one window plus 100 ms (${GOAL_MS / 1000} s)`,
    )
  }
  report("from a window's end to its alert", behind)
  console.log(`${seen.size} tenants alerted, ${missing.size} not`)
  if (missing.size > 0) process.exitCode = 1
}

const kafka = process.env.BENCH_STACK === 'kafka'
const system = await (kafka ? Installation.cluster() : Installation.embedded())
console.log(`${kafka ? 'Kafka' : 'embedded'}, ${RATE} payments a second, event time ${SPEED} times the clock`)
try {
  await main(system)
} finally {
  await system.close()
}
