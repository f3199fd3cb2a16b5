/** POST /api/revenue/event: one event in the words of a web shop, kept as a row of payments or touchpoints. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Payment } from '../../schemas/types.ts'
import type { Authenticate } from '../api-keys.ts'
import { check_row, send_rows } from '../events.ts'
import { refusal } from '../refusals.ts'
import type { ServerDeps } from '../server-deps.ts'
import {
  amount_schema,
  checked_body,
  failures,
  instant_schema,
  minor_of,
  tenant_of_request,
} from './seed-shapes.ts'
import type { Currencies } from './tenant-currencies.ts'

const payment_types: Readonly<Record<string, Payment['type']>> = {
  checkout_started: 'checkout_started',
  checkout_initiated: 'checkout_started',
  payment_attempted: 'payment_attempted',
  payment_failed: 'payment_failed',
  payment_succeeded: 'payment_succeeded',
  purchase_completed: 'payment_succeeded',
  refund_issued: 'refunded',
  refunded: 'refunded',
  chargeback: 'chargeback',
  subscription_started: 'subscription_started',
  subscription_changed: 'subscription_changed',
  subscription_upgraded: 'subscription_changed',
  subscription_downgraded: 'subscription_changed',
  subscription_renewed: 'subscription_renewed',
  subscription_cancelled: 'subscription_cancelled',
}
/** Interaction of the touch that it becomes. */
const touch_types: Readonly<Record<string, string>> = {
  page_view: 'view',
  product_viewed: 'view',
  click: 'click',
  signup: 'submit',
  feature_used: 'use',
}
/** Types that mean nothing without an amount. */
const MONEY = new Set<Payment['type']>(['payment_succeeded', 'refunded', 'chargeback'])
const event_types = [...Object.keys(payment_types), ...Object.keys(touch_types)] as [string, ...string[]]

const request_schema = z.object({
  customerId: z.string().min(1),
  eventType: z.enum(event_types),
  amount: amount_schema.optional().describe('decimal of whole units'),
  currency: z.string().optional().describe('the tenant’s, if not given'),
  productId: z.string().optional(),
  planId: z.string().optional(),
  paymentId: z.string().optional().describe('of a refund: that of the payment it takes back'),
  subscriptionId: z.string().optional(),
  checkoutId: z.string().optional(),
  quantity: z.int().nonnegative().optional(),
  reason: z.string().optional(),
  errorCode: z.string().optional(),
  device: z.string().optional(),
  country: z.string().optional(),
  method: z.string().optional(),
  channel: z.string().optional(),
  campaign: z.string().optional(),
  timestamp: instant_schema.optional().describe('now, if not given'),
  eventId: z.string().optional().describe('send the same when sending again, or it counts twice'),
  tenantId: z.string().optional(),
  metadata: z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean()], { error: 'must be text, a number, true or false' }),
    )
    .default({}),
})
type Body = z.infer<typeof request_schema>

export const revenue_event_routes = (
  server: FastifyInstance,
  deps: ServerDeps,
  authenticate: Authenticate,
  currencies: Currencies,
): void => {
  server.post('/api/revenue/event', { config: { openapi: OPERATION } }, async (request, reply) => {
    const body = checked_body(request_schema, request.body)
    const tenant_id = tenant_of_request(authenticate, request, body.tenantId)
    const currency = body.currency ?? (await currencies.of(tenant_id))
    const base = {
      tenant_id,
      customer_id: body.customerId,
      event_id: body.eventId ?? `event-${deps.clock.nonce()}`,
      occurred_at: body.timestamp ?? deps.clock.now(),
      currency,
    }
    const type = payment_types[body.eventType]
    const [topic, row] = type
      ? (['payments', { ...base, ...payment_of(body, type, currency) }] as const)
      : (['touchpoints', { ...base, ...touch_of(body) }] as const)
    await send_rows(deps, topic, [check_row(deps.emitter, topic, row)])
    return reply.send({ success: true, message: 'Event processed', eventId: base.event_id })
  })
}

const payment_of = (body: Body, type: Payment['type'], currency: string) => {
  if (MONEY.has(type) && body.amount === undefined)
    throw refusal(400, 'INVALID_ROW', `is required for ${body.eventType}`, { field: 'amount' })
  return {
    type,
    amount_minor: minor_of(body.amount ?? 0, currency, 'amount'),
    payment_id: body.paymentId,
    subscription_id: body.subscriptionId,
    checkout_id: body.checkoutId,
    product_id: body.productId,
    plan_id: body.planId,
    quantity: body.quantity ?? 1,
    method: body.method,
    failure_code: body.errorCode ?? body.reason,
    device: body.device,
    country: body.country,
    properties: texts(body.metadata),
  }
}

const touch_of = (body: Body) => ({
  channel: body.channel ?? 'direct',
  campaign: body.campaign,
  interaction: touch_types[body.eventType],
  product_id: body.productId,
  device: body.device,
  country: body.country,
  properties: { ...texts(body.metadata), event_type: body.eventType },
})

const texts = (values: Body['metadata']): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))

const OPERATION = {
  summary: 'One revenue event; the answer means that it is durable.',
  body: { schema: z.toJSONSchema(request_schema, { io: 'input' }) },
  responses: {
    200: {
      description: 'Durable; it counts once for its eventId.',
      schema: {
        type: 'object',
        required: ['success', 'message', 'eventId'],
        properties: {
          success: { type: 'boolean' },
          message: { type: 'string' },
          eventId: { type: 'string' },
        },
      },
    },
    ...failures({
      400: 'A field is wrong.',
      403: 'The API key belongs to another tenant.',
      503: 'The log is out of reach; send the same again.',
      507: 'The disk of the embedded log is full; nothing was taken.',
    }),
  },
}
