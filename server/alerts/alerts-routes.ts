/** Everything below /v1/alerts, and what the seeds call the same. */
import type { FastifyInstance } from 'fastify'
import type { Authenticate } from '../api-keys.ts'
import { seed_alert_routes } from '../seed-routes/alerts.ts'
import type { ServerDeps } from '../server-deps.ts'
import { api_rows, patient_query } from './asked.ts'
import { catalog_entries } from './catalog-entries.ts'
import { command_routes } from './commands.ts'
import { list_routes } from './lists.ts'
import { receiver_routes } from './receivers.ts'
import { rule_routes, tenant_rules } from './rules.ts'

export const alert_routes = (server: FastifyInstance, deps: ServerDeps, authenticate: Authenticate): void => {
  const query = patient_query(deps)
  const ask = api_rows(query)
  const entries = catalog_entries(deps)
  const rule_deps = { clock: deps.clock, query, entries }
  const rules = tenant_rules(rule_deps)
  list_routes(server, deps, authenticate, ask)
  command_routes(server, deps, authenticate, ask)
  receiver_routes(server, authenticate, entries)
  rule_routes(server, rule_deps, authenticate, rules)
  seed_alert_routes(server, deps, authenticate, ask, rules)
}
