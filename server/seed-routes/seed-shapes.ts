/**
 * What the routes of this folder share: whose request it is, decimal amounts in and out (the only place where money is not
 * an integer of minor units), and refusals in the words of each family of routes.
 */
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { exponents, to_minor } from '../../schemas/currencies.ts'
import { type Authenticate, require_tenant } from '../api-keys.ts'
import { refusal } from '../refusals.ts'

/** Tenant of requests that name none, where no API keys are configured. */
export const DEFAULT_TENANT = 'default'

/** The tenant that the key belongs to, or the one that is named, in `field`. Throws 400 and 403 refusals. */
export const tenant_of_request = (
  authenticate: Authenticate,
  request: FastifyRequest,
  named: unknown,
  field: 'tenant_id' | 'tenant' = 'tenant_id',
): string => {
  const caller = authenticate(request)
  const tenant = named ?? caller.tenant ?? DEFAULT_TENANT
  if (typeof tenant !== 'string' || !/^[^|]{1,256}$/.test(tenant) || tenant === '*')
    throw refusal(400, 'INVALID_TENANT', "one name without '|'", { field })
  require_tenant(caller, tenant)
  return tenant
}

const FAILURE = {
  type: 'object',
  required: ['success', 'error'],
  properties: {
    success: { type: 'boolean' },
    error: { type: 'string' },
    field: { type: 'string' },
    remedy: { type: 'string' },
  },
}
/** For /openapi.json: refusals of the family that answers {success: false, error}. */
export const failures = (descriptions: Readonly<Record<number, string>>) =>
  Object.fromEntries(
    Object.entries({ 401: 'No API key, or an unknown one.', ...descriptions }).map(
      ([status, description]) => [status, { description, schema: FAILURE }],
    ),
  )

/**
 * The body as the schema has it; of a part of one, `field` says which. Throws a 400 refusal naming the first field that is
 * wrong, or none where the body is no object at all.
 */
export const checked_body = <T>(schema: z.ZodType<T>, body: unknown, field = ''): T => {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const place = [...(field ? [field] : []), ...issue.path, ...unknown].join('.')
  if (place === '') throw refusal(400, 'INVALID_ROW', 'the body must be one JSON object')
  const reason = unknown.length > 0 ? 'is not a field of the request' : issue.message
  throw refusal(400, 'INVALID_ROW', reason, { field: place })
}

/** Minor units of a decimal amount. Throws a 400 refusal for more digits than the currency has. */
export const minor_of = (amount: number | string, currency: string, field: string): number => {
  try {
    return to_minor(String(amount), currency)
  } catch (error) {
    throw refusal(400, 'INVALID_ROW', (error as Error).message, { field })
  }
}

/** A decimal number of whole units, for reading only. */
export const decimal_of = (minor: number, currency: string): number =>
  minor / 10 ** (exponents.get(currency) ?? 2)

// Said of every branch: of a union whose other branches have another type that of the one left is told.
const AMOUNT = { error: 'must be a decimal amount that is not negative, a number or text: 12.5 or "12.50"' }
const INSTANT = {
  error: 'must be an instant: integer milliseconds since the epoch, or ISO 8601 text with an offset',
}

/** A decimal amount as JSON has it: a number, or text where the sender does not trust numbers with money. */
export const amount_schema = z.union(
  [z.number(AMOUNT).nonnegative(AMOUNT), z.string().regex(/^\d+(\.\d+)?$/, AMOUNT)],
  AMOUNT,
)

export const instant_schema = z.union([z.int(INSTANT), z.iso.datetime({ offset: true, ...INSTANT })], INSTANT)
