/**
 * node bench/endpoint/run.ts [RATE] [SECONDS]: messages at a rate (200 a second) for a time (60 s) to the conversation
 * endpoint of a process of its own, in conversations of six messages of eight tenants with buyers. Prints how long answers
 * took, and compares every answer with the rows that ClickHouse has of its message. On the embedded stack; with
 * BENCH_STACK=kafka on Kafka, registry and Redis, those that the environment names or else local ones.
 */
import { cpus, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Installation } from '../../test/services/installation.ts'
import { type Asked, arrive, quantile } from './arrivals.ts'

const RATE = Number(process.argv[2] ?? 200)
const SECONDS = Number(process.argv[3] ?? 60)
const WARM_SECONDS = 5
const TENANTS = 8
const BUYERS = 20
const STEPS = 6
/** So many conversations are open at once that a message comes some seconds behind the one before it. */
const OPEN = RATE * 5
const INSERTED_WITHIN_MS = 60_000

interface Answer {
  readonly event_id: string
  readonly revenue_optimization: {
    readonly lead_score: { readonly total_score: number }
    readonly conversation_metrics: { readonly questions_asked: number; readonly duration_minutes: number }
    readonly price: { readonly price_per_lead: number }
    readonly routing_decision: {
      readonly selected_buyer_id: string | null
      readonly price_per_lead: number | null
      readonly status: string
    } | null
  }
}

/** What becomes known of a lead, step by step. */
const FACTS: readonly object[] = [
  { homeowner_verified: true },
  { zip_code: '10021', borough: 'manhattan', neighborhood: 'upper_east_side' },
  { property_type: 'single_family' },
  { install_timeline: 'asap', credit_signal: 'excellent' },
  { decision_role: 'primary', comparing_offers: true },
  {},
]

/** The i-th message: conversations take turns; of each, the steps come in order. */
const message = (run: string, i: number): object => {
  const talk = Math.floor(i / (OPEN * STEPS)) * OPEN + (i % OPEN)
  const step = Math.floor(i / OPEN) % STEPS
  const session_id = `${run}-${talk}`
  return {
    tenant_id: `bench-${talk % TENANTS}`,
    session_id,
    event_id: `${session_id}-${step}`,
    message: `How many panels does a roof of ${20 + (talk % 50)} square metres take, step ${step}?`,
    technical_question: (talk + step) % 2 === 0,
    sentiment: (talk % 11) / 10,
    type: step === STEPS - 1 ? 'handed_off' : 'message',
    conversation_context: { bill_amount: 120 + (talk % 60) * 5, ...FACTS[step] },
  }
}

const tiers = ['premium', 'standard', 'volume', 'direct'] as const
const buyers_of = (tenant_id: string, now_ms: number): object => ({
  event_id: `buyers-${tenant_id}`,
  tenant_id,
  occurred_at: now_ms,
  kind: 'buyers',
  id: tenant_id,
  effective_at: 0,
  body: JSON.stringify({
    buyers: Array.from({ length: BUYERS }, (_, i) => ({
      buyer_id: `buyer-${i}`,
      tier: tiers[i % tiers.length],
      daily_cap: 100_000,
      acceptance_prior: 0.5 + (i % 5) / 10,
    })),
  }),
})

const post = async (url: string, body: object): Promise<void> => {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
}

/** What ClickHouse has of every message of the run, by event_id. */
const ROWS = (run: string) => `SELECT
    s.event_id AS event_id, s.total_score AS total_score,
    m.questions_asked AS questions_asked, m.duration_ms AS duration_ms,
    p.price_minor AS price_minor,
    r.buyer_id AS buyer_id, r.price_minor AS route_minor, toString(r.status) AS status
  FROM (SELECT * FROM lead_scores FINAL WHERE startsWith(conversation_id, '${run}-')) AS s
  JOIN (SELECT * FROM conversation_metrics FINAL WHERE startsWith(conversation_id, '${run}-')) AS m
    ON m.event_id = s.event_id
  JOIN (SELECT * FROM prices FINAL WHERE startsWith(conversation_id, '${run}-')) AS p
    ON p.cause_event_id = s.event_id
  JOIN (SELECT * FROM routes FINAL WHERE startsWith(conversation_id, '${run}-')) AS r
    ON r.event_id = concat(s.customer_id, '|', s.event_id)
  SETTINGS join_use_nulls = 1`

const kept_rows = async (system: Installation, run: string, answers: number) => {
  const deadline = Date.now() + INSERTED_WITHIN_MS
  for (;;) {
    const rows = await system.query(ROWS(run))
    if (rows.length >= answers || Date.now() > deadline)
      return new Map(rows.map(row => [row.event_id as string, row]))
    await sleep(1000)
  }
}

/** Why the answer is not that of its message; null when it is. */
const strange = ({ body, answer }: Asked, rows: Awaited<ReturnType<typeof kept_rows>>): string | null => {
  const { event_id, revenue_optimization: said } = answer as Answer
  const { lead_score, conversation_metrics, price, routing_decision: routed } = said
  if (event_id !== (body as { event_id: string }).event_id) return `answered ${event_id}`
  const row = rows.get(event_id)
  if (!row) return 'the tables do not know it'
  const told = [
    lead_score.total_score,
    conversation_metrics.questions_asked,
    conversation_metrics.duration_minutes,
    Math.round(price.price_per_lead * 100),
    routed?.selected_buyer_id ?? null,
    routed?.price_per_lead == null ? 0 : Math.round(routed.price_per_lead * 100),
    routed?.status,
  ]
  const kept = [
    row.total_score,
    Number(row.questions_asked),
    Math.round(Number(row.duration_ms) / 600) / 100,
    Number(row.price_minor),
    row.buyer_id,
    row.buyer_id === null ? 0 : Number(row.route_minor),
    row.status,
  ]
  return JSON.stringify(told) === JSON.stringify(kept)
    ? null
    : `${JSON.stringify(told)}, kept ${JSON.stringify(kept)}`
}

const report = (asked: readonly Asked[]): void => {
  const times = asked.map(({ latency_ms }) => latency_ms)
  const of = (ratio: number) => `${quantile(times, ratio).toFixed(1)}`
  console.log(
    `ms: p50 ${of(0.5)}, p90 ${of(0.9)}, p95 ${of(0.95)}, p99 ${of(0.99)}, p99.9 ${of(0.999)}, max ${of(1)}`,
  )
  const bounds = [10, 20, 30, 50, 75, 100, 150, 250, 500, 1000, Number.POSITIVE_INFINITY]
  let below = 0
  for (const bound of bounds) {
    const count = times.filter(ms => ms <= bound).length - below
    below += count
    const share = count / times.length
    console.log(
      `  ≤ ${String(bound).padStart(8)} ms ${String(count).padStart(7)} ${'█'.repeat(Math.round(share * 60))}`,
    )
  }
}

/** CPU seconds of the process that serves: what a message costs, however busy the machine is otherwise. */
const cpu_seconds = async (http: string): Promise<number> => {
  const text = await (await fetch(`${http}/metrics`)).text()
  return Number(/^\w*process_cpu_seconds_total(?:{.*})? (\S+)/m.exec(text)?.[1])
}

const load_text = (): string =>
  `load ${loadavg()
    .map(each => each.toFixed(1))
    .join(' ')} on ${cpus().length} cores (${cpus()[0]?.model})`

const main = async (system: Installation): Promise<void> => {
  await system.start()
  const now_ms = Date.now()
  for (let i = 0; i < TENANTS; i++)
    await post(`${system.http}/v1/events/catalog`, buyers_of(`bench-${i}`, now_ms))
  const url = `${system.http}/api/v1/conversation/revenue-optimized`
  await arrive(url, { rate: RATE / 2, seconds: WARM_SECONDS, seed: 1 }, i => message('warm', i))
  console.log(`before: ${load_text()}`)
  const run = `run${now_ms.toString(36)}`
  const before_s = await cpu_seconds(system.http)
  const asked = await arrive(url, { rate: RATE, seconds: SECONDS, seed: 2 }, i => message(run, i))
  const took_s = (await cpu_seconds(system.http)) - before_s
  console.log(`after:  ${load_text()}`)
  const answered = asked.filter(({ status }) => status === 200)
  console.log(`${asked.length} messages in ${SECONDS} s, ${answered.length} answered with 200`)
  console.log(
    `${((took_s * 1000) / asked.length).toFixed(2)} ms of CPU a message, HTTP, tasks and sink together`,
  )
  report(asked)
  const rows = await kept_rows(system, run, answered.length)
  const wrong = answered.flatMap(each => strange(each, rows) ?? [])
  const bought = [...rows.values()].filter(({ buyer_id }) => buyer_id !== null).length
  console.log(
    `${answered.length - wrong.length} answers are the rows of their message, ${wrong.length} are not`,
  )
  console.log(`${bought} of ${rows.size} rows name a buyer`)
  for (const said of [...wrong.slice(0, 3), ...asked.filter(({ status }) => status !== 200).slice(0, 3)])
    console.log(said)
  if (wrong.length > 0 || answered.length < asked.length) process.exitCode = 1
}

const system = await (process.env.BENCH_STACK === 'kafka' ? Installation.cluster() : Installation.embedded())
console.log(`${process.env.BENCH_STACK === 'kafka' ? 'Kafka' : 'embedded'}, ${RATE} messages a second`)
try {
  await main(system)
} finally {
  await system.close()
}
