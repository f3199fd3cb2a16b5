/** Who is asking: an API key is bound to one tenant, or to '*', which is an administrator. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { refusal } from './refusals.ts'

/** Tenant the caller may act for; null: every tenant. */
export interface Caller {
  readonly tenant: string | null
}

export type Authenticate = (request: FastifyRequest) => Caller

/**
 * Checks `Authorization: Bearer KEY` or `X-API-Key: KEY` against sha256 hashes. `keys` null: no keys are
 * configured, everybody (on loopback, see config) is an administrator. Throws a 401 refusal.
 */
export const authenticator = (keys: ReadonlyMap<string, string> | null): Authenticate => {
  if (!keys) return () => ({ tenant: null })
  const known = [...keys].map(([hash, tenant]) => ({ hash: Buffer.from(hash, 'hex'), tenant }))
  return request => {
    const key = presented(request)
    if (!key)
      throw refusal(401, 'UNAUTHENTICATED', 'send an API key: Authorization: Bearer KEY, or X-API-Key: KEY')
    const hash = createHash('sha256').update(key).digest()
    // Every entry is compared, in constant time, so that timing tells nothing about the keys.
    let tenant: string | undefined
    for (const entry of known) if (timingSafeEqual(entry.hash, hash)) tenant = entry.tenant
    if (tenant === undefined) throw refusal(401, 'UNAUTHENTICATED', 'the API key is not known')
    return { tenant: tenant === '*' ? null : tenant }
  }
}

const presented = (request: FastifyRequest): string | undefined => {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const header = request.headers['x-api-key']
  return bearer ?? (typeof header === 'string' && header !== '' ? header : undefined)
}

/** Throws a 403 refusal unless the caller may act for the tenant ('*': administrators only). */
export const require_tenant = (caller: Caller, tenant: unknown, index?: number): void => {
  if (caller.tenant === null || caller.tenant === tenant) return
  const reason =
    tenant === '*'
      ? 'entries for all tenants need an administrator key'
      : `the API key belongs to tenant ${caller.tenant}, the request is for ${String(tenant)}`
  throw refusal(403, 'TENANT_MISMATCH', reason, index === undefined ? {} : { field: 'tenant_id', index })
}
