/**
 * Endpoints in the shapes that the requirement documents gave: /api/v1/… answers refusals as the rest of the server does,
 * /api/revenue/… as {success: false, error}.
 */
import type { FastifyInstance } from 'fastify'
import type { Authenticate } from '../api-keys.ts'
import type { RefusalBody } from '../refusals.ts'
import type { ServerDeps } from '../server-deps.ts'
import { feedback_routes } from './buyer-feedback.ts'
import { conversation_routes } from './conversation.ts'
import { dashboard_routes } from './dashboard.ts'
import { forecast_routes } from './forecast.ts'
import { insights_routes } from './insights.ts'
import { default_targets } from './lead-figures.ts'
import { recommendation_routes } from './recommendations.ts'
import { revenue_event_routes } from './revenue-event.ts'
import { shared_answers } from './shared-answers.ts'
import { tenant_currencies } from './tenant-currencies.ts'

export const seed_routes = (server: FastifyInstance, deps: ServerDeps, authenticate: Authenticate): void => {
  const currencies = tenant_currencies(deps)
  conversation_routes(server, deps, authenticate, currencies)
  const answers = shared_answers(deps)
  const targets = deps.targets ?? default_targets
  dashboard_routes(server, authenticate, answers, targets)
  forecast_routes(server, authenticate, answers)
  recommendation_routes(server, authenticate, answers, targets)
  feedback_routes(server, deps, authenticate)
  server.register(async family => {
    family.addHook('preSerialization', async (_request, reply, payload) =>
      reply.statusCode < 400 ? payload : in_its_words(payload as RefusalBody),
    )
    insights_routes(family, authenticate, answers)
    revenue_event_routes(family, deps, authenticate, currencies)
  })
}

/** Every refusal, whoever made it, as {success: false, error}; fields as these requests name them. */
const in_its_words = ({ field: given, reason, remedy }: RefusalBody) => {
  const field =
    given === 'occurred_at' ? 'timestamp' : given?.replace(/_(\w)/g, (_, c: string) => c.toUpperCase())
  const error = field ? `${field}: ${reason}` : reason
  return { success: false, error, ...(field && { field }), ...(remedy && { remedy }) }
}
