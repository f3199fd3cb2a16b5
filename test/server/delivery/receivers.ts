/** Receivers of notifications that answer as they are told, and notifications for them. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Notification } from '../../../schemas/types.ts'

export interface Heard {
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly body: Record<string, unknown>
  readonly at: number
}
export type Answer = number | 'hang' | ((response: ServerResponse, heard: Heard) => void)

/** A webhook on a free port of this machine; can be ended, and begun again on the same port. */
export class Receiver {
  readonly heard: Heard[] = []
  /** The answer to the n-th request, counted from 0. */
  answer: (n: number) => Answer = () => 200
  #server: Server | null = null
  #port = 0

  static async open(answer: (n: number) => Answer = () => 200): Promise<Receiver> {
    const receiver = new Receiver()
    receiver.answer = answer
    await receiver.begin()
    return receiver
  }
  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`
  }
  get keys(): string[] {
    return this.heard.map(({ headers }) => String(headers['idempotency-key']))
  }
  async begin(): Promise<void> {
    this.#server = createServer((request, response) => {
      let text = ''
      request.on('data', chunk => {
        text += chunk
      })
      request.on('end', () => {
        const heard = { headers: request.headers, text, body: JSON.parse(text), at: Date.now() }
        const answer = this.answer(this.heard.length)
        this.heard.push(heard)
        if (answer === 'hang') return
        if (typeof answer === 'function') answer(response, heard)
        else response.writeHead(answer).end('body')
      })
    })
    await new Promise<void>(resolve => this.#server?.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }
  async end(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (!server) return
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
}

export const notification = (sequence: number, more: Partial<Notification> = {}): Notification => ({
  event_id: `${more.receiver ?? 'ops'}|${more.group_key ?? '{}'}|0|${sequence}`,
  tenant_id: 'acme',
  occurred_at: Date.now(),
  receiver: 'ops',
  channel: 'webhook',
  to: 'http://127.0.0.1:1/hook',
  secret: null,
  group_key: '{}',
  labels: { rule: 'revenue_drop' },
  sequence,
  reason: 'new',
  status: 'firing',
  alerts: [told()],
  truncated: 0,
  policy_version: 'delivery-1',
  ...more,
})

export const told = (more: Partial<Notification['alerts'][number]> = {}): Notification['alerts'][number] => ({
  alert_id: 'revenue_drop|revenue EUR|drop|0|1',
  fingerprint: 'revenue_drop|revenue EUR|drop',
  rule: 'revenue_drop',
  severity: 'high',
  status: 'firing',
  title: 'Revenue dropped',
  description: 'revenue over 15 minutes: 70.00 EUR, expected 100.00 EUR',
  started_at: Date.UTC(2026, 0, 5),
  value: 7000,
  expected: 10_000,
  money_at_risk_minor: null,
  money_currency: null,
  metric: 'revenue',
  currency: 'EUR',
  dimension: '',
  contributor: null,
  contributor_share: null,
  ended_at: null,
  changed: true,
  ...more,
})
