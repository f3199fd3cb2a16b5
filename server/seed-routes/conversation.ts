/**
 * POST /api/v1/conversation/revenue-optimized: one message of a conversation in, its score, price, buyer and advice out. The
 * message goes through the log and the pipelines like any other; the answer is made of the rows they wrote.
 */
import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { tenant_wide_id } from '../../operators/core/tenant-wide-id.ts'
import type { Row } from '../../runtime/emit.ts'
import type { Authenticate } from '../api-keys.ts'
import { check_row, send_rows } from '../events.ts'
import { Refusal, refusal } from '../refusals.ts'
import type { ServerDeps } from '../server-deps.ts'
import { ANSWER_SCHEMA, answer_of } from './conversation-answer.ts'
import { decider } from './decisions.ts'
import { known_turns, type Talker } from './known-turns.ts'
import { amount_schema, checked_body, instant_schema, minor_of, tenant_of_request } from './seed-shapes.ts'
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

const language = z.string().regex(/^[A-Za-z]{2,3}([-_][A-Za-z0-9]+)*$/, 'is a language tag, e.g. en or es-MX')
const turn_schema = z.object({
  role: z.string().default('user'),
  content: z.string().optional(),
  message: z.string().optional(),
  timestamp: instant_schema
    .optional()
    .describe('without it the turn is not counted: when it was is not known'),
  sentiment: z.number().min(-1).max(1).optional(),
  technical_question: z.boolean().optional(),
  language: language.optional().describe('where it is another than that of the message'),
  event_id: z.string().min(1).optional().describe('of the answer to this turn, where it was sent here'),
})
const request_schema = z.strictObject({
  message: z.string().min(1).max(20_000),
  session_id: z.string().min(1).max(256).describe('names the conversation'),
  conversation_context: z
    .record(
      z.string(),
      z.union([z.string(), z.number(), z.boolean(), z.null()], {
        error: 'must be text, a number, true, false or null',
      }),
    )
    .default({})
    .describe('bill_amount is a decimal of whole units; unknown names are kept as attributes'),
  conversation_history: z.array(turn_schema).max(500).default([]),
  tenant_id: z.string().optional(),
  customer_id: z
    .string()
    .optional()
    .describe('who talks, where that is known; else the session stands for them'),
  event_id: z.string().min(1).optional().describe('with occurred_at: the same when sending again'),
  occurred_at: instant_schema.optional().describe('now, if not given'),
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
  const turns = known_turns(deps)
  server.post(
    '/api/v1/conversation/revenue-optimized',
    { config: { openapi: OPERATION } },
    async (request, reply) => {
      const body = checked_body(request_schema, request.body)
      const tenant_id = tenant_of_request(authenticate, request, body.tenant_id)
      const currency = await currencies.of(tenant_id)
      const who = { tenant_id, customer_id: body.customer_id ?? body.session_id }
      // Sent again it keeps the time that it was given, so that it is the same event.
      const given = body.event_id === undefined ? undefined : turns.time_of(who, body.event_id)
      const at = body.occurred_at ?? given ?? deps.clock.now()
      const message = message_row(body, { who, currency, at, nonce: deps.clock.nonce() })
      const { event_id } = message
      const earlier = history_rows(body, who, event_id).map(turn => check_in_its_words(deps, turn, body))
      const now = check_in_its_words(deps, message, body)
      const known = await turns.among(
        who,
        earlier.map(turn => turn.event_id),
      )
      const sending = [...earlier.filter(turn => !known.has(turn.event_id)), now]
      const send = async () => {
        turns.begun(who, event_id, now.occurred_at)
        await send_rows(deps, 'conversations', sending)
        turns.sent(
          who,
          sending.map(row => row.event_id),
        )
      }
      const step = { customer_id: who.customer_id, event_id }
      const lead = { ...step, event_id: tenant_wide_id(who.customer_id, event_id) }
      const decided = await decide(
        who,
        { lead_scores: step, conversation_metrics: step, prices: lead, routes: lead },
        send,
        `send the same again with event_id ${JSON.stringify(event_id)} and occurred_at ${now.occurred_at}`,
      )
      return reply.send(answer_of(event_id, decided, body.language))
    },
  )
}

interface Sending {
  readonly who: Talker
  readonly currency: string
  readonly at: number | string
  readonly nonce: string
}
/** A row of the topic conversations, and where it came from: a turn of the history by its place, or the message itself. */
interface Sent {
  readonly event_id: string
  readonly fields: Readonly<Record<string, unknown>>
  readonly turn: number | null
}

/** A message that comes again as a turn of the next request's history counts once: by its id, or by text and time. */
const named = (session_id: string, text: string, at: number | string): string => {
  const turn = [session_id, text, typeof at === 'number' ? at : Date.parse(at)]
  return `turn-${createHash('sha256').update(JSON.stringify(turn)).digest('hex').slice(0, 24)}`
}

const message_row = (body: Body, { who, currency, at, nonce }: Sending): Sent => {
  const { message, session_id, type, sentiment, technical_question, language } = body
  const event_id = body.event_id ?? (type === 'message' ? named(session_id, message, at) : `${type}-${nonce}`)
  return {
    event_id,
    turn: null,
    fields: {
      ...who,
      conversation_id: session_id,
      event_id,
      occurred_at: at,
      type,
      role: 'user',
      text: message,
      ...(sentiment !== undefined && { sentiment }),
      ...(language !== undefined && { language }),
      ...(technical_question !== undefined && { technical_question }),
      context: context_of(body.conversation_context, currency),
    },
  }
}

/** What is known of earlier turns. Of two with one id the first counts; `itself` is not one of them. */
const history_rows = ({ session_id, conversation_history, language }: Body, who: Talker, itself: string) => {
  const taken = new Set([itself])
  return conversation_history.flatMap((given, turn): Sent[] => {
    const { timestamp, content, message, event_id: id, ...said } = given
    if (timestamp === undefined) return []
    const text = content ?? message ?? ''
    const event_id = id ?? named(session_id, text, timestamp)
    if (taken.has(event_id)) return []
    taken.add(event_id)
    const place = { ...who, conversation_id: session_id, event_id, occurred_at: timestamp }
    const spoken = language === undefined ? {} : { language }
    return [{ event_id, turn, fields: { ...place, ...spoken, type: 'message', text, ...said } }]
  })
}

/** A valid row. Throws a 400 refusal that names the field of the request, not that of the topic. */
const check_in_its_words = (
  { emitter }: Pick<ServerDeps, 'emitter'>,
  { fields, turn }: Sent,
  body: Body,
): Row => {
  try {
    return check_row(emitter, 'conversations', fields)
  } catch (error) {
    if (!(error instanceof Refusal) || error.body.field === undefined) throw error
    const { error: code, reason, field } = error.body
    throw refusal(error.status, code, reason, { field: asked_field(field, turn, body) })
  }
}

const asked_field = (field: string, turn: number | null, body: Body): string => {
  if (field === 'conversation_id') return 'session_id'
  if (field === 'customer_id') return body.customer_id === undefined ? 'session_id' : field
  if (turn !== null) {
    const spoken = body.conversation_history[turn]?.content === undefined ? 'message' : 'content'
    const name = field === 'occurred_at' ? 'timestamp' : field === 'text' ? spoken : field
    return `conversation_history.${turn}.${name}`
  }
  if (field === 'text') return 'message'
  return field
    .replace(/^context(\.attributes)?(?=\.)/, 'conversation_context')
    .replace(/bill_amount_minor$/, 'bill_amount')
}

const context_of = (given: Body['conversation_context'], currency: string): Record<string, unknown> => {
  const context: Record<string, unknown> = {}
  const attributes: Record<string, string> = {}
  for (const [name, value] of Object.entries(given)) {
    if (value === null) continue
    if (name === 'bill_amount') {
      const field = 'conversation_context.bill_amount'
      context.bill_amount_minor = minor_of(checked_body(amount_schema, value, field), currency, field)
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
    504: 'The message is durable and not decided on yet; `remedy` says with which event_id and occurred_at to ask again.',
  },
}
