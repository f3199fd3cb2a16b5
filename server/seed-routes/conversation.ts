/**
 * POST /api/v1/conversation/revenue-optimized: one message of a conversation in, its score, price, buyer and advice out. The
 * message goes through the log and the pipelines like any other; the answer is made of the rows they wrote.
 */
import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Authenticate } from '../api-keys.ts'
import { check_row, send_rows } from '../events.ts'
import type { ServerDeps } from '../server-deps.ts'
import { ANSWER_SCHEMA, answer_of } from './conversation-answer.ts'
import { decider } from './decisions.ts'
import { amount_schema, checked_body, minor_of, tenant_of_request } from './seed-shapes.ts'
import type { Currencies } from './tenant-currencies.ts'

const KNOWN = [
  'homeowner_verified',
  'zip_code',
  'borough',
  'neighborhood',
  'property_type',
  'install_timeline',
  'credit_signal',
  'decision_role',
  'comparing_offers',
] as const

const instant = z.union([z.int(), z.iso.datetime({ offset: true })])
const language = z.string().regex(/^[A-Za-z]{2,3}([-_][A-Za-z0-9]+)*$/, 'is a language tag, e.g. en or es-MX')
const turn_schema = z.object({
  role: z.string().default('user'),
  content: z.string().optional(),
  message: z.string().optional(),
  timestamp: instant.optional().describe('without it the turn is not counted: when it was is not known'),
  sentiment: z.number().min(-1).max(1).optional(),
  technical_question: z.boolean().optional(),
  language: language.optional().describe('where it is another than that of the message'),
  event_id: z.string().min(1).optional().describe('of the answer to this turn, where it was sent here'),
})
const request_schema = z.strictObject({
  message: z.string().min(1).max(20_000),
  session_id: z.string().min(1).max(256).describe('names the conversation'),
  conversation_context: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .default({})
    .describe('bill_amount is a decimal of whole units; unknown names are kept as attributes'),
  conversation_history: z.array(turn_schema).max(500).default([]),
  tenant_id: z.string().optional(),
  customer_id: z
    .string()
    .optional()
    .describe('who talks, where that is known; else the session stands for them'),
  event_id: z.string().min(1).optional().describe('send the same when sending again'),
  occurred_at: instant.optional().describe('now, if not given'),
  sentiment: z.number().min(-1).max(1).optional(),
  technical_question: z.boolean().optional(),
  language: language
    .optional()
    .describe(
      'of the message, and of turns without one: what texts are heard in and the draft is written in',
    ),
  type: z.enum(['message', 'objection', 'objection_resolved', 'handed_off', 'ended']).default('message'),
})
type Body = z.infer<typeof request_schema>

export const conversation_routes = (
  server: FastifyInstance,
  deps: ServerDeps,
  authenticate: Authenticate,
  currencies: Currencies,
): void => {
  const closing = new AbortController()
  server.addHook('preClose', async () => closing.abort())
  const { decide } = decider(deps, closing.signal)
  server.post(
    '/api/v1/conversation/revenue-optimized',
    { config: { openapi: OPERATION } },
    async (request, reply) => {
      const body = checked_body(request_schema, request.body)
      const tenant_id = tenant_of_request(authenticate, request, body.tenant_id)
      const currency = await currencies.of(tenant_id)
      const rows = rows_of(body, { tenant_id, currency, now_ms: deps.clock.now(), nonce: deps.clock.nonce() })
      const checked = rows.map(row => check_row(deps.emitter, 'conversations', row))
      const { event_id, customer_id } = rows.at(-1)!
      const step = { customer_id, event_id }
      const lead = { customer_id, event_id: `${customer_id}|${event_id}` }
      const decided = await decide(
        { tenant_id, customer_id },
        { lead_scores: step, conversation_metrics: step, prices: lead, routes: lead },
        () => send_rows(deps, 'conversations', checked),
        `send the same again with event_id ${JSON.stringify(event_id)}`,
      )
      return reply.send(answer_of(event_id, decided))
    },
  )
}

interface Sending {
  readonly tenant_id: string
  readonly currency: string
  readonly now_ms: number
  readonly nonce: string
}

/** Rows of the topic conversations: what is known of earlier turns, then the message itself. */
const rows_of = (body: Body, sending: Sending) => {
  const { message, session_id, conversation_history, event_id, occurred_at, type } = body
  const who = {
    tenant_id: sending.tenant_id,
    customer_id: body.customer_id ?? session_id,
    conversation_id: session_id,
  }
  // A message that comes again as a turn of the next request's history counts once: by its id, or by text and time.
  const named = (text: string, at: z.infer<typeof instant>): string => {
    const turn = [session_id, text, typeof at === 'number' ? at : Date.parse(at)]
    return `turn-${createHash('sha256').update(JSON.stringify(turn)).digest('hex').slice(0, 24)}`
  }
  const spoken = body.language === undefined ? {} : { language: body.language }
  const earlier = conversation_history.flatMap(
    ({ timestamp, content, message: said, event_id: id, ...turn }) => {
      if (timestamp === undefined) return []
      const text = content ?? said ?? ''
      const step = { ...who, event_id: id ?? named(text, timestamp), occurred_at: timestamp }
      return [{ ...step, ...spoken, type: 'message', text, ...turn }]
    },
  )
  const at = occurred_at ?? sending.now_ms
  const now = {
    ...who,
    event_id: event_id ?? (type === 'message' ? named(message, at) : `${type}-${sending.nonce}`),
    occurred_at: at,
    type,
    role: 'user',
    text: message,
    ...(body.sentiment !== undefined && { sentiment: body.sentiment }),
    ...spoken,
    ...(body.technical_question !== undefined && { technical_question: body.technical_question }),
    context: context_of(body.conversation_context, sending.currency),
  }
  // Of two rows with one id the first counts, and only the message itself says what is known of the lead.
  return [...earlier.filter(turn => turn.event_id !== now.event_id), now]
}

const context_of = (given: Body['conversation_context'], currency: string): Record<string, unknown> => {
  const context: Record<string, unknown> = {}
  const attributes: Record<string, string> = {}
  for (const [name, value] of Object.entries(given)) {
    if (value === null) continue
    if (name === 'bill_amount') {
      const field = 'conversation_context.bill_amount'
      context.bill_amount_minor = minor_of(checked_body(amount_schema, value), currency, field)
    } else if ((KNOWN as readonly string[]).includes(name)) context[name] = value
    else attributes[name] = String(value)
  }
  return { ...context, attributes }
}

/** Of the requirements. */
const EXAMPLE = {
  message: "I'm interested in solar for my co-op in Manhattan",
  session_id: 'chat_1234567890',
  conversation_context: {
    homeowner_verified: true,
    bill_amount: 400.0,
    zip_code: '10021',
    borough: 'manhattan',
    neighborhood: 'upper_east_side',
  },
}
const OPERATION = {
  summary: 'One message of a conversation in; score with parts, metrics, price, buyer and advice out.',
  body: { schema: { ...z.toJSONSchema(request_schema, { io: 'input' }), examples: [EXAMPLE] } },
  responses: {
    200: {
      description: 'What the pipelines decided of this very message. Amounts are decimals of whole units.',
      schema: ANSWER_SCHEMA,
    },
    400: 'A field is wrong: {error, field, reason}.',
    403: 'The API key belongs to another tenant.',
    503: 'The log is out of reach; send the same again.',
    504: 'The message is durable and not decided on yet.',
  },
}
