/** Silences and acknowledgements: what a person says to alerts, written as alert_commands. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { alert_labels } from '../../operators/alert/match-labels.ts'
import type { Row } from '../../runtime/emit.ts'
import { days } from '../../schemas/units.ts'
import type { Authenticate } from '../api-keys.ts'
import { check_row, send_rows } from '../events.ts'
import { refusal } from '../refusals.ts'
import { checked_body } from '../seed-routes/seed-shapes.ts'
import type { ServerDeps } from '../server-deps.ts'
import {
  type AskRows,
  as_of,
  asked_tenant,
  instant,
  TENANT_PARAMETER,
  USUAL_RESPONSES,
  words_of,
} from './asked.ts'

const LONGEST_MS = days(366)
/** Rows are inserted within a second or two. */
const KNOWN_WITHIN_MS = 3000
const KNOWN_AFTER_TRIES = 4
const states = ['active', 'pending', 'expired', 'ended'] as const
const name = z.string().min(1).max(256)
const said_by = {
  tenant_id: z.unknown().optional().describe('a tenant key may leave it out'),
  event_id: name.optional().describe('send the same when sending again, or it is said twice'),
  author: name.describe('who says so'),
  comment: z.string().max(2000).default(''),
}
const matcher = z.string().min(1).max(512)
const silence_body = z.strictObject({
  ...said_by,
  silence_id: name.optional().describe('a second one of the name replaces it; made up without'),
  matchers: z
    .partialRecord(z.enum(alert_labels, { error: `is none of ${alert_labels.join(', ')}` }), matcher)
    .refine(all => Object.keys(all).length > 0, 'names something that the alerts are')
    .describe('all of it has to hold; a trailing * stands for any ending'),
  starts_at: instant.optional().describe('at once without'),
  ends_at: instant.optional(),
  duration_ms: z.int().positive().max(LONGEST_MS).optional().describe('in place of ends_at'),
})
const acknowledgement_body = z.strictObject({
  ...said_by,
  fingerprint: z.string().min(1).describe('of the alert'),
})
const silences_query = z.strictObject({
  tenant: z.unknown().optional(),
  state: words_of(states).default(['active', 'pending']),
})
const unsilence_query = z.strictObject({ tenant: z.unknown().optional(), author: name })

type Deps = Pick<ServerDeps, 'emitter' | 'clock' | 'logger'>

export const command_routes = (
  server: FastifyInstance,
  deps: Deps,
  authenticate: Authenticate,
  ask: AskRows,
): void => {
  server.get('/v1/alerts/silences', { config: { openapi: SILENCES } }, async (request, reply) => {
    const query = checked_body(silences_query, request.query)
    const tenant = asked_tenant(authenticate, request, query.tenant)
    const silences = await ask_silences(ask, deps.clock.now(), tenant, query.state)
    return reply.header('cache-control', 'no-store').send({ silences })
  })
  server.post('/v1/alerts/silences', { config: { openapi: SILENCE } }, async (request, reply) => {
    const body = checked_body(silence_body, request.body)
    const tenant = asked_tenant(authenticate, request, body.tenant_id, 'tenant_id')
    const row = silence_row(deps, tenant, body)
    await send_rows(deps, 'alert_commands', [row])
    return reply.code(202).send(told_silence(row))
  })
  server.delete<{ Params: { silence_id: string } }>(
    '/v1/alerts/silences/:silence_id',
    { config: { openapi: UNSILENCE } },
    async (request, reply) => {
      const query = checked_body(unsilence_query, request.query)
      const tenant = asked_tenant(authenticate, request, query.tenant)
      const { silence_id } = request.params
      await require_silence(ask, deps.clock.now(), tenant, silence_id)
      const said = { command: 'unsilence', silence_id, author: query.author }
      await send_rows(deps, 'alert_commands', [command_row(deps, tenant, said)])
      return reply.code(202).send({ silence_id, state: 'ended' })
    },
  )
  server.post('/v1/alerts/acknowledgements', { config: { openapi: ACKNOWLEDGE } }, (request, reply) =>
    acknowledge(deps, authenticate, ask, request).then(answer => reply.code(202).send(answer)),
  )
}

const acknowledge = async (deps: Deps, authenticate: Authenticate, ask: AskRows, request: FastifyRequest) => {
  const { tenant_id, ...said } = checked_body(acknowledgement_body, request.body)
  const tenant = asked_tenant(authenticate, request, tenant_id, 'tenant_id')
  const alert = await newest_word(deps, ask, tenant, said.fingerprint)
  const field = { field: 'fingerprint' }
  if (!alert) throw refusal(404, 'NOT_FOUND', 'no alert has that fingerprint', field)
  if (alert.status === 'pending') throw refusal(409, 'PENDING', 'the alert has not fired yet', field)
  if (!alert.open) throw refusal(409, 'RESOLVED', 'the alert is over already', field)
  const row = command_row(deps, tenant, { command: 'acknowledge', ...said })
  await send_rows(deps, 'alert_commands', [row])
  return { event_id: row.event_id, fingerprint: said.fingerprint, author: said.author }
}

/** The page shows an alert before the warehouse has it: one that is not there is looked for again. */
const newest_word = async (deps: Deps, ask: AskRows, tenant: string, fingerprint: string) => {
  for (let left = KNOWN_AFTER_TRIES; ; left--) {
    const [alert] = await ask(
      `SELECT status, open FROM alert_current(as_of = {as_of:DateTime64(3, 'UTC')})
       WHERE tenant_id = {tenant:String} AND fingerprint = {fingerprint:String}`,
      { tenant, fingerprint, ...as_of(deps.clock.now() + 1) },
    )
    if (alert || left === 0) return alert
    await deps.clock.sleep(KNOWN_WITHIN_MS / KNOWN_AFTER_TRIES)
  }
}

const silence_row = (
  deps: Deps,
  tenant: string,
  { tenant_id: _, duration_ms, ...said }: z.infer<typeof silence_body>,
): Row => {
  const now = deps.clock.now()
  const starts_at = said.starts_at ?? now
  if ((said.ends_at === undefined) === (duration_ms === undefined))
    throw refusal(400, 'INVALID_ROW', 'say until when: ends_at or duration_ms, one of them', {
      field: 'ends_at',
    })
  const ends_at = said.ends_at ?? starts_at + duration_ms!
  const bad = (reason: string) => refusal(400, 'INVALID_ROW', reason, { field: 'ends_at' })
  if (ends_at <= starts_at) throw bad('is not behind starts_at')
  if (ends_at <= now) throw bad('is over already')
  if (ends_at - starts_at > LONGEST_MS) throw bad('is more than a year behind starts_at')
  const silence_id = said.silence_id ?? `silence-${deps.clock.nonce()}`
  return command_row(deps, tenant, { ...said, command: 'silence', silence_id, starts_at, ends_at })
}

const command_row = (deps: Deps, tenant_id: string, said: Readonly<Record<string, unknown>>): Row =>
  check_row(deps.emitter, 'alert_commands', {
    ...said,
    event_id: said.event_id ?? `command-${deps.clock.nonce()}`,
    tenant_id,
    occurred_at: deps.clock.now(),
  })

const told_silence = (row: Row) => {
  const { silence_id, matchers, author, comment } = row
  const iso = (ms: unknown): string => new Date(Number(ms)).toISOString()
  return { silence_id, matchers, starts_at: iso(row.starts_at), ends_at: iso(row.ends_at), author, comment }
}

const ask_silences = async (ask: AskRows, now_ms: number, tenant: string, wanted: readonly string[]) => {
  const rows = await ask(
    `SELECT silence_id, state, matchers, silence_starts_at, silence_ends_at, author, comment, said_at
     FROM alert_silence(as_of = {as_of:DateTime64(3, 'UTC')})
     WHERE tenant_id = {tenant:String} AND state IN {wanted:Array(String)}
     ORDER BY silence_ends_at DESC, silence_id LIMIT 1000`,
    { tenant, wanted, ...as_of(now_ms + 1) },
  )
  return rows.map(({ silence_starts_at, silence_ends_at, ...row }) => ({
    ...row,
    starts_at: silence_starts_at,
    ends_at: silence_ends_at,
  }))
}

const require_silence = async (ask: AskRows, now_ms: number, tenant: string, silence_id: string) => {
  const all = await ask_silences(ask, now_ms, tenant, states)
  const found = all.find(row => (row as Readonly<Record<string, unknown>>).silence_id === silence_id) as
    | Readonly<Record<string, unknown>>
    | undefined
  if (!found)
    throw refusal(404, 'NOT_FOUND', `there is no silence ${silence_id}`, {
      remedy: 'one that was said this very second is known in the next: send it again',
    })
  if (found.state === 'ended' || found.state === 'expired')
    throw refusal(409, 'ENDED', `the silence ${silence_id} is over already`)
}

const json = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input' })
const SILENCES = {
  summary: 'Silences in force and to come.',
  parameters: {
    tenant: TENANT_PARAMETER,
    state: { description: `${states.join(', ')}; active,pending without.` },
  },
  responses: {
    200: {
      description: 'Those that end last first.',
      schema: {
        type: 'object',
        required: ['silences'],
        properties: { silences: { type: 'array', items: { type: 'object', additionalProperties: true } } },
      },
    },
    ...USUAL_RESPONSES,
  },
}
const SILENCE = {
  summary: 'Be quiet of alerts that match, for a while. They go on being decided; nobody is told.',
  body: { schema: json(silence_body) },
  responses: {
    202: { description: 'Durable.', schema: { type: 'object', additionalProperties: true } },
    ...USUAL_RESPONSES,
  },
}
const UNSILENCE = {
  summary: 'Take a silence back.',
  parameters: { tenant: TENANT_PARAMETER, author: { description: 'Who says so.', required: true } },
  responses: {
    202: { description: 'Durable.', schema: { type: 'object', additionalProperties: true } },
    404: 'There is no such silence.',
    409: 'It is over already.',
    ...USUAL_RESPONSES,
  },
}
const ACKNOWLEDGE = {
  summary: 'Somebody looks after an alert: its receivers are not told again, and nothing escalates.',
  body: { schema: json(acknowledgement_body) },
  responses: {
    202: { description: 'Durable.', schema: { type: 'object', additionalProperties: true } },
    404: 'No alert has that fingerprint.',
    409: 'The alert is over already, or has not fired yet.',
    ...USUAL_RESPONSES,
  },
}
