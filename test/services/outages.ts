/**
 * What every outage is watched with: an emitter that keeps sending and obeys the answers, what /readyz and /metrics say
 * meanwhile, and the proof that nothing of what was acknowledged is missing or doubled.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { caught_up, type Installation, type Readiness } from './installation.ts'

const BATCH = 20

export interface Load {
  /** Answers by HTTP status; 0: none at all. */
  readonly answers: ReadonlyMap<number, number>
  /** Newest Retry-After. */
  readonly retry_after: string | null
  /** Payments acknowledged so far, and their sum. */
  readonly sent: number
  readonly sum_minor: number
  /** What is under way is delivered first, however long that takes. */
  stop(): Promise<void>
}

export const payment_of = (tenant_id: string, n: number, customers = 300): Record<string, unknown> => ({
  event_id: `payment-${n}`,
  tenant_id,
  customer_id: `c-${(n * 7) % customers}`,
  payment_id: `p-${n}`,
  type: 'payment_succeeded',
  amount_minor: 100 + (n % 900),
  currency: 'EUR',
  product_id: 'basic',
  occurred_at: Date.now(),
})

/** Sends payments of a tenant over HTTP, 200 a second, each batch again until it is taken. */
export const start_load = (installation: Installation, tenant: string, customers = 300): Load => {
  const answers = new Map<number, number>()
  let retry_after: string | null = null
  let sent = 0
  let sum_minor = 0
  let stopping = false
  const deliver = async (body: string): Promise<void> => {
    for (;;) {
      const url = `${installation.http}/v1/events/payments`
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(url, { method: 'POST', headers, body }).catch(() => null)
      const status = response?.status ?? 0
      await response?.arrayBuffer().catch(() => null)
      answers.set(status, (answers.get(status) ?? 0) + 1)
      retry_after = response?.headers.get('retry-after') ?? retry_after
      if (status === 202) return
      await sleep(300)
    }
  }
  const running = (async () => {
    for (let n = 0; !stopping; n += BATCH) {
      const rows = Array.from({ length: BATCH }, (_, i) => payment_of(tenant, n + i, customers))
      await deliver(JSON.stringify(rows))
      sent += BATCH
      sum_minor += rows.reduce((sum, row) => sum + Number(row.amount_minor), 0)
      await sleep(100)
    }
  })()
  return {
    answers,
    get retry_after() {
      return retry_after
    },
    get sent() {
      return sent
    },
    get sum_minor() {
      return sum_minor
    },
    stop: () => {
      stopping = true
      return running
    },
  }
}

/** Values of a metric whose labels contain these, summed. */
export const metric = async (
  installation: Pick<Installation, 'http'>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> => {
  const text = await (await fetch(`${installation.http}/metrics`)).text()
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return text
    .split('\n')
    .filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter(line => wanted.every(label => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}

/** Waits until /readyz says it. */
export const seen = async (
  installation: Installation,
  what: string,
  look: (state: Readiness) => boolean,
  within_ms = 30_000,
): Promise<Readiness> => {
  const deadline = Date.now() + within_ms
  for (;;) {
    const state = await installation.status().catch(() => null)
    if (state && look(state)) return state
    if (Date.now() > deadline)
      throw new Error(`not in ${within_ms} ms: ${what}; ${JSON.stringify(state).slice(0, 1500)}`)
    await sleep(100)
  }
}

export const committed = (state: Readiness): number =>
  state.tasks.reduce((sum, task) => sum + task.committed_seq, 0)

/** Everything acknowledged is in the ledger once, state and tables agree, and the process says that it is well. */
export const nothing_lost = async (
  installation: Installation,
  tenant: string,
  load: Pick<Load, 'sent' | 'sum_minor'>,
): Promise<void> => {
  await caught_up(installation, 60_000)
  const { ready, reasons, degraded } = await installation.status()
  expect({ ready, reasons, degraded }).toEqual({ ready: true, reasons: [], degraded: [] })
  const { code, output } = await installation.run('reconcile')
  expect(code, output).toBe(0)
  const [row] = await installation.query(
    `select count() as rows, uniqExact(event_id) as ids, sum(amount_minor) as total from ledger final
     where tenant_id = '${tenant}'`,
  )
  const held = { rows: Number(row?.rows), ids: Number(row?.ids), total: Number(row?.total) }
  expect(held).toEqual({ rows: load.sent, ids: load.sent, total: load.sum_minor })
}
