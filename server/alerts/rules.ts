/** /v1/alerts/rules: built-in rules and what a tenant says of them, and its own; each is back-tested before it is kept. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { AlertRule } from '../../operators/alert/alert-rules.ts'
import { read_rules, rule_of } from '../../operators/alert/read-rules.ts'
import type { Warehouse } from '../../runtime/ports.ts'
import type { AlertRuleEntry, Catalog } from '../../schemas/catalog-kinds.ts'
import { days } from '../../schemas/units.ts'
import type { Authenticate } from '../api-keys.ts'
import { alert_rule_override } from '../catalog-bodies.ts'
import { refusal } from '../refusals.ts'
import { checked_body } from '../seed-routes/seed-shapes.ts'
import type { ServerDeps } from '../server-deps.ts'
import { asked_tenant, instant } from './asked.ts'
import { BacktestTooLarge, backtest, ROWS_MOST, STRETCH_MOST_MS } from './backtest.ts'
import type { Backtest, Label } from './backtest-summary.ts'
import { built_in_rule, built_in_rules, is_built_in } from './built-in-rules.ts'
import type { CatalogEntries } from './catalog-entries.ts'
import { blame_of, read_lone_rule } from './lone-rule.ts'
import { check_revision, revision_asked } from './revision.ts'
import * as said from './rules-openapi.ts'

const USUAL_STRETCH_MS = days(28)
const LABELS_MOST = 10_000

const stretch = { from: instant.optional(), to: instant.optional() }
const tenant_query = z.strictObject({ tenant: z.unknown().optional() })
const put_query = z.strictObject({
  tenant: z.unknown().optional(),
  revision: revision_asked,
  dry_run: z.enum(['true', 'false'], { error: 'true or false' }).default('false'),
  backtest: z.enum(['skip'], { error: 'skip, or not there' }).optional(),
  ...stretch,
})
const delete_query = z.strictObject({ tenant: z.unknown().optional(), revision: revision_asked })
const label = z
  .strictObject({ from: instant, to: instant })
  .refine(({ from, to }) => from <= to, { path: ['to'], message: 'is before from' })
export const backtest_body = z.strictObject({
  tenant_id: z.unknown().optional(),
  rule: z.union([z.string().min(1), z.record(z.string(), z.unknown())], {
    error: 'a rule, or the name of one',
  }),
  ...stretch,
  labels: z.array(label).max(LABELS_MOST).optional(),
})

export interface RuleDeps {
  readonly clock: ServerDeps['clock']
  readonly query: Warehouse['query']
  readonly entries: CatalogEntries
}

/** What the seeds' endpoint does too. */
export interface Rules {
  put(tenant: string, name: string, body: unknown, options?: PutOptions): Promise<PutAnswer>
}
interface PutOptions {
  readonly revision?: number | undefined
  readonly dry_run?: boolean
  readonly skip?: boolean
  readonly from?: number | undefined
  readonly to?: number | undefined
}
interface PutAnswer {
  readonly rule: object
  readonly saved: boolean
  readonly revision: number
  readonly backtest: Backtest | null
}

export const tenant_rules = (deps: RuleDeps): Rules => {
  const { entries } = deps
  return {
    put: async (tenant, name, body, { revision, dry_run = false, skip = false, from, to } = {}) => {
      const change = is_built_in(name) ? override_change(tenant, name, body) : own_change(tenant, name, body)
      const { rule } = change
      const tested =
        skip || !rule ? null : await run_backtest(deps, { tenant, rule, from, to, labels: undefined })
      if (dry_run) {
        const held = await entries.own(change.name)
        check_revision(revision, held.revision)
        change.make(held as never)
        return { rule: change.told, saved: false, revision: held.revision, backtest: tested }
      }
      const written = await entries.change(change.name, held => {
        check_revision(revision, held.revision)
        return change.make(held as never) as never
      })
      return { rule: change.told, saved: true, revision: written.revision, backtest: tested }
    },
  }
}

const override_change = (tenant: string, rule: string, body: unknown) => {
  const override = checked_body(alert_rule_override, body) as Catalog['alert_rules']
  return {
    name: { kind: 'alert_rules' as const, id: rule, tenant },
    told: { name: rule, built_in: true, override },
    rule: built_in_rule(rule, override),
    make: () => override,
  }
}

const own_change = (tenant: string, name: string, body: unknown) => {
  const given = typeof body === 'object' && body !== null && !Array.isArray(body) ? { name, ...body } : body
  const entry = believed_rule(given)
  if (entry.name !== name)
    throw refusal(400, 'INVALID_ROW', `is ${entry.name}, but the path says ${name}`, { field: 'name' })
  return {
    name: { kind: 'alert_rule_lists' as const, id: tenant, tenant },
    told: { ...entry, built_in: false },
    rule: rule_of(entry),
    make: ({ body: held }: { readonly body: Catalog['alert_rule_lists'] | null }) => {
      const others = held?.rules ?? []
      const at = others.findIndex(rule => rule.name === name)
      const rules = at < 0 ? [...others, entry] : others.with(at, entry)
      const { problem } = read_rules({ rules })
      if (problem !== null) throw refused_rules(problem)
      return { rules }
    },
  }
}

const refused_rules = (problem: string) => {
  const { field, reason } = blame_of(problem)
  return refusal(400, 'INVALID_ROW', reason, field ? { field } : {})
}

/** Throws a 400 refusal naming the field. */
const believed_rule = (body: unknown): AlertRuleEntry => {
  const { problem } = read_lone_rule(body)
  if (problem !== null) throw refused_rules(problem)
  return body as AlertRuleEntry
}

interface Asked {
  readonly tenant: string
  readonly rule: AlertRule
  readonly from: number | undefined
  readonly to: number | undefined
  readonly labels: readonly Label[] | undefined
}

const run_backtest = async ({ clock, query }: RuleDeps, asked: Asked): Promise<Backtest> => {
  const { tenant, rule } = asked
  const to_ms = Math.min(asked.to ?? clock.now(), clock.now())
  const from_ms = asked.from ?? to_ms - USUAL_STRETCH_MS
  if (from_ms >= to_ms) throw refusal(400, 'INVALID_ROW', 'is not before to', { field: 'from' })
  if (to_ms - from_ms > STRETCH_MOST_MS)
    throw refusal(400, 'INVALID_ROW', 'is more than 100 days before to', { field: 'from' })
  try {
    return await backtest(query, {
      tenant,
      rule,
      from_ms,
      to_ms,
      labels: asked.labels ?? null,
      rows_most: ROWS_MOST,
    })
  } catch (error) {
    if (error instanceof BacktestTooLarge)
      throw refusal(413, 'TOO_LARGE', error.message, {
        remedy: 'shorten from and to, name a dimension, or take npm run backtest, which takes more',
      })
    throw error
  }
}

const list_rules = async ({ entries }: RuleDeps, tenant: string) => {
  const own = await entries.holding({ kind: 'alert_rule_lists', id: tenant, tenant })
  const built_in = await Promise.all(
    built_in_rules.map(async rule => {
      const { body, revision } = await entries.holding({ kind: 'alert_rules', id: rule.name, tenant })
      return { ...rule, ...body, built_in: true, enabled: body?.enabled !== false, override: body, revision }
    }),
  )
  const theirs = (own.body?.rules ?? []).map(rule => ({
    ...rule,
    built_in: false,
    enabled: rule.enabled !== false,
  }))
  return { revision: own.revision, rules: [...built_in, ...theirs] }
}

const delete_rule = async ({ entries }: RuleDeps, tenant: string, name: string, revision?: number) => {
  if (is_built_in(name))
    return entries.change({ kind: 'alert_rules', id: name, tenant }, held => {
      check_revision(revision, held.revision)
      if (!held.body)
        throw refusal(404, 'NOT_FOUND', `nothing of ${name} is overridden`, {
          remedy: 'a built-in rule is switched off by PUT {"enabled": false}',
        })
      return null
    })
  return entries.change({ kind: 'alert_rule_lists', id: tenant, tenant }, held => {
    check_revision(revision, held.revision)
    const rules = held.body?.rules ?? []
    if (!rules.some(rule => rule.name === name))
      throw refusal(404, 'NOT_FOUND', `there is no rule ${name} of your own`)
    const by = rules.find(rule => rule.inhibits?.includes(name))
    if (by) throw refusal(409, 'IN_USE', `${by.name} inhibits ${name}: take that back first`)
    return { rules: rules.filter(rule => rule.name !== name) }
  })
}

interface Meant {
  readonly told: object
  readonly rule: AlertRule
}
/** The rule that is meant: as it is given, or as it holds for the tenant. */
const meant_rule = async ({ entries }: RuleDeps, tenant: string, meant: unknown): Promise<Meant> => {
  if (typeof meant !== 'string') {
    const entry = believed_rule(meant)
    return { told: entry, rule: rule_of(entry) }
  }
  const bad = (reason: string) => refusal(400, 'INVALID_ROW', reason, { field: 'rule' })
  if (is_built_in(meant)) {
    const { body } = await entries.holding({ kind: 'alert_rules', id: meant, tenant })
    const rule = built_in_rule(meant, body)
    if (!rule) throw bad(`${meant} listens to no metric, or is switched off: there is nothing to test`)
    return { told: { name: meant, built_in: true, override: body }, rule }
  }
  const { body } = await entries.holding({ kind: 'alert_rule_lists', id: tenant, tenant })
  const found = body?.rules.find(one => one.name === meant)
  if (!found) throw bad(`there is no rule ${meant}`)
  return { told: found, rule: rule_of(found) }
}

type Named = FastifyRequest<{ Params: { name: string } }>

export const rule_routes = (
  server: FastifyInstance,
  deps: RuleDeps,
  authenticate: Authenticate,
  rules: Rules,
): void => {
  const { entries } = deps
  server.get('/v1/alerts/rules', { config: { openapi: said.RULES } }, async (request, reply) => {
    const query = checked_body(tenant_query, request.query)
    const tenant = asked_tenant(authenticate, request, query.tenant)
    return reply.header('cache-control', 'no-store').send(await list_rules(deps, tenant))
  })
  server.get('/v1/alerts/rules/:name', { config: { openapi: said.RULE } }, async (request: Named, reply) => {
    const query = checked_body(tenant_query, request.query)
    const tenant = asked_tenant(authenticate, request, query.tenant)
    const all = await list_rules(deps, tenant)
    const rule = all.rules.find(({ name }) => name === request.params.name)
    if (!rule) throw refusal(404, 'NOT_FOUND', `there is no rule ${request.params.name}`)
    return reply.header('cache-control', 'no-store').send({ revision: all.revision, ...rule })
  })
  server.put('/v1/alerts/rules/:name', { config: { openapi: said.PUT_RULE } }, async (request: Named) => {
    const { dry_run, backtest: skip, ...query } = checked_body(put_query, request.query)
    const tenant = asked_tenant(authenticate, request, query.tenant)
    const options = { ...query, dry_run: dry_run === 'true', skip: skip === 'skip' }
    return rules.put(tenant, request.params.name, request.body, options)
  })
  server.delete(
    '/v1/alerts/rules/:name',
    { config: { openapi: said.DELETE_RULE } },
    async (request: Named) => {
      const query = checked_body(delete_query, request.query)
      const tenant = asked_tenant(authenticate, request, query.tenant)
      const { name } = request.params
      const { revision } = await delete_rule({ ...deps, entries }, tenant, name, query.revision)
      return { name, revision }
    },
  )
  server.post('/v1/alerts/rules/backtest', { config: { openapi: said.BACKTEST } }, async request => {
    const body = checked_body(backtest_body, request.body)
    const tenant = asked_tenant(authenticate, request, body.tenant_id, 'tenant_id')
    const { told, rule } = await meant_rule(deps, tenant, body.rule)
    const labels = body.labels?.map(({ from, to }) => ({ from_ms: from, to_ms: to }))
    const asked = { tenant, rule, from: body.from, to: body.to, labels }
    return { rule: told, backtest: await run_backtest(deps, asked) }
  })
}
