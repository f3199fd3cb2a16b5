/** What the routes of this folder share: whose alerts, what a query may say, and the warehouse asked a few at a time. */
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Warehouse } from '../../runtime/ports.ts'
import { type Authenticate, require_tenant } from '../api-keys.ts'
import { in_lanes, instant_text, iso_of } from '../board/asking.ts'
import { refusal, unavailable } from '../refusals.ts'
import type { ServerDeps } from '../server-deps.ts'

/** The warehouse answers the page and other people too. */
const LANES = 2

/** The tenant that is named, or the one that the key belongs to. Throws 400, 401 and 403 refusals. */
export const asked_tenant = (
  authenticate: Authenticate,
  request: FastifyRequest,
  named: unknown,
  field: 'tenant' | 'tenant_id' = 'tenant',
): string => {
  const caller = authenticate(request)
  const tenant = named ?? caller.tenant
  if (typeof tenant !== 'string' || !/^[^|]{1,256}$/.test(tenant) || tenant === '*')
    throw refusal(400, 'INVALID_TENANT', `say which tenant: ${field}, one name without '|'`, { field })
  require_tenant(caller, tenant)
  return tenant
}

export const severity_names = ['info', 'low', 'medium', 'high', 'critical'] as const

const INSTANT = { error: 'must be ISO 8601 with an offset, such as 2026-06-01T00:00:00Z' }
export const instant = z.iso.datetime({ offset: true, ...INSTANT }).transform(text => Date.parse(text))

/** `high,critical`, in any case. */
export const words_of = <const W extends string>(words: readonly W[]) =>
  z.string().transform((text, context): readonly W[] => {
    const said = text.toLowerCase().split(',') as W[]
    if (said.every(word => words.includes(word))) return said
    context.addIssue({ code: 'custom', message: `one or more of ${words.join(', ')}, with commas between` })
    return z.NEVER
  })

const LIMIT = { error: 'a whole number from 1 to 1000' }
export const limit_of = (usual: number) =>
  z.coerce.number(LIMIT).int(LIMIT).min(1, LIMIT).max(1000, LIMIT).default(usual)

/** Rows as the API tells them: instants as ISO 8601. */
export type ApiRow = Readonly<Record<string, unknown>>
export type AskRows = (sql: string, params: Readonly<Record<string, unknown>>) => Promise<ApiRow[]>

const INSTANT_TEXT = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/
const api_value = ([name, value]: [string, unknown]): [string, unknown] => [
  name,
  name.endsWith('_at') && typeof value === 'string' && INSTANT_TEXT.test(value) ? iso_of(value) : value,
]

/** Raw rows, so many queries at a time. Throws a 503 refusal when the warehouse does not answer. */
export const patient_query = ({
  warehouse,
  logger,
}: Pick<ServerDeps, 'warehouse' | 'logger'>): Warehouse['query'] => {
  const in_lane = in_lanes(LANES)
  return async (sql, params) => {
    try {
      return await in_lane(() => warehouse.query(sql, params))
    } catch (error) {
      logger.warn({ err: error }, 'the warehouse could not be asked about alerts')
      throw unavailable('the warehouse is out of reach')
    }
  }
}

export const api_rows =
  (query: Warehouse['query']): AskRows =>
  async (sql, params) => {
    const rows = await query<Record<string, unknown>>(sql, params)
    return rows.map(row => Object.fromEntries(Object.entries(row).map(api_value)))
  }

export const as_of = (ms: number): { readonly as_of: string } => ({ as_of: instant_text(ms) })

/** For /openapi.json. */
export const TENANT_PARAMETER = { description: 'Whose alerts; a tenant key may leave it out.' } as const
export const USUAL_RESPONSES = {
  400: 'A field is wrong, or no tenant is named.',
  403: 'The API key belongs to another tenant.',
  503: 'The log or the warehouse is out of reach.',
} as const
