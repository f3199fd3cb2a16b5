/**
 * POST /api/v1/revenue/buyer-feedback: what a buyer says of a lead it was sent, as a row of feedback. The lead is looked up
 * first: feedback that answers no decision would teach nothing, and who sends it should hear that.
 */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Authenticate } from '../api-keys.ts'
import { check_row, send_rows } from '../events.ts'
import { refusal, unavailable } from '../refusals.ts'
import type { ServerDeps } from '../server-deps.ts'
import { amount_schema, checked_body, instant_schema, minor_of, tenant_of_request } from './seed-shapes.ts'

const request_schema = z.strictObject({
  lead_id: z.string().min(1).max(1024).describe('decision_id of the routing decision, or the conversation'),
  buyer_id: z.string().min(1).max(256),
  feedback_type: z
    .enum(['accepted', 'rejected', 'converted', 'returned'])
    .describe('returned: it was accepted, and is given back'),
  feedback_score: z.number().min(0).max(10).optional().describe('of ten'),
  feedback_reason: z.string().max(2000).optional().describe('of a refusal: what reasons are learned from'),
  conversion_value: amount_schema
    .optional()
    .describe('what the lead brought the buyer: a decimal in the currency of the decision'),
  buyer_notes: z.string().max(10_000).optional(),
  tenant_id: z.string().optional(),
  event_id: z.string().min(1).optional().describe('with occurred_at: the same when sending again'),
  occurred_at: instant_schema.optional().describe('now, if not given'),
})
type Body = z.infer<typeof request_schema>

/** Decisions of the lead, those the buyer was offered first. A quoted row offers nothing. */
const DECISIONS = `SELECT customer_id, assumeNotNull(decision_id) AS decision, currency, buyer_id = {buyer:String} AS offered
  FROM routes FINAL
  WHERE tenant_id = {tenant:String} AND isNotNull(decision_id) AND isNotNull(buyer_id)
    AND status IN ('reserved', 'confirmed', 'released')
    AND (decision_id = {lead:String} OR conversation_id = {lead:String})
  ORDER BY offered DESC, occurred_at DESC, _offset DESC
  LIMIT 1`

interface Found {
  readonly customer_id: string
  readonly decision: string
  readonly currency: string
  readonly offered: number
}

export const feedback_routes = (
  server: FastifyInstance,
  deps: ServerDeps,
  authenticate: Authenticate,
): void => {
  server.post(
    '/api/v1/revenue/buyer-feedback',
    { config: { openapi: OPERATION } },
    async (request, reply) => {
      const body = checked_body(request_schema, request.body)
      const tenant_id = tenant_of_request(authenticate, request, body.tenant_id)
      const found = await find_decision(deps, tenant_id, body)
      const row = {
        event_id: body.event_id ?? `feedback-${deps.clock.nonce()}`,
        tenant_id,
        customer_id: found.customer_id,
        occurred_at: body.occurred_at ?? deps.clock.now(),
        decision_id: found.decision,
        buyer_id: body.buyer_id,
        outcome: body.feedback_type,
        reason: body.feedback_reason,
        ...value_of(body, found.currency),
        properties: notes_of(body),
      }
      await send_rows(deps, 'feedback', [check_row(deps.emitter, 'feedback', row)])
      const { event_id, customer_id, decision_id, buyer_id } = row
      return reply.send({
        accepted: true,
        event_id,
        lead_id: body.lead_id,
        decision_id,
        customer_id,
        buyer_id,
      })
    },
  )
}

const find_decision = async (
  { warehouse, logger }: Pick<ServerDeps, 'warehouse' | 'logger'>,
  tenant: string,
  { lead_id, buyer_id }: Body,
): Promise<Found> => {
  const params = { tenant, lead: lead_id, buyer: buyer_id }
  const rows = await warehouse.query<Found>(DECISIONS, params).catch((error: unknown) => {
    logger.warn({ err: error, tenant }, 'a decision could not be looked up')
    throw unavailable('the warehouse is out of reach')
  })
  const [found] = rows
  if (!found)
    throw refusal(404, 'UNKNOWN_LEAD', `no lead ${lead_id} has been offered to a buyer`, {
      field: 'lead_id',
      remedy: 'name the decision_id of its routing decision; one made in the last seconds is known soon',
    })
  if (!found.offered)
    throw refusal(404, 'UNKNOWN_LEAD', `lead ${lead_id} has not been offered to ${buyer_id}`, {
      field: 'buyer_id',
    })
  return found
}

const value_of = ({ conversion_value: value }: Body, currency: string) =>
  value === undefined ? {} : { amount_minor: minor_of(value, currency, 'conversion_value'), currency }

const notes_of = ({ feedback_score, buyer_notes }: Body): Record<string, string> => ({
  ...(feedback_score !== undefined && { feedback_score: String(feedback_score) }),
  ...(buyer_notes !== undefined && { buyer_notes }),
})

const EXAMPLE = {
  lead_id: 'chat_1234567890|turn-5f0c',
  buyer_id: 'solarreviews',
  feedback_type: 'accepted',
  feedback_score: 8.5,
  feedback_reason: 'High quality lead, good technical engagement',
  conversion_value: 275.0,
  buyer_notes: 'Customer was very engaged and asked detailed questions',
}
const OPERATION = {
  summary: 'What a buyer says of a lead; it is joined to the decision, and scores and routes learn from it.',
  body: { schema: { ...z.toJSONSchema(request_schema, { io: 'input' }), examples: [EXAMPLE] } },
  responses: {
    200: {
      description: 'Durable; it counts once for its event_id.',
      schema: {
        type: 'object',
        required: ['accepted', 'event_id', 'lead_id', 'decision_id', 'customer_id', 'buyer_id'],
        properties: {
          accepted: { type: 'boolean', description: 'The feedback, whatever it says of the lead.' },
          event_id: { type: 'string' },
          lead_id: { type: 'string' },
          decision_id: { type: 'string' },
          customer_id: { type: 'string' },
          buyer_id: { type: 'string' },
        },
      },
    },
    400: 'A field is wrong: {error, field, reason}.',
    403: 'The API key belongs to another tenant.',
    404: 'No such lead has been offered to that buyer; nothing was taken.',
    503: 'Log or warehouse are out of reach; send the same again.',
    507: 'The disk of the embedded log is full; nothing was taken.',
  },
}
