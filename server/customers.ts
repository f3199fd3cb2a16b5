/**
 * GET /v1/customers/{tenant}/{id}: what the operators remember of one customer, as of the newest checkpoint.
 */
import type { FastifyInstance } from 'fastify'
import { partition_of } from '../runtime/keys.ts'
import { type Authenticate, require_tenant } from './api-keys.ts'
import { refusal, unavailable } from './refusals.ts'
import type { ServerDeps } from './server-deps.ts'

const GROUP = 'customer'

export const customer_routes = (
  server: FastifyInstance,
  deps: ServerDeps,
  authenticate: Authenticate,
): void => {
  const { app, store, read_state } = deps
  server.get<{ Params: { tenant: string; id: string } }>(
    '/v1/customers/:tenant/:id',
    {
      config: {
        openapi: {
          summary:
            'Keyed state of a customer by operator, as checkpointed; anonymous visitors are ~anonymous_id.',
          responses: {
            200: {
              description: 'State by operator.',
              schema: {
                type: 'object',
                required: ['tenant_id', 'customer_id', 'operators'],
                properties: {
                  tenant_id: { type: 'string' },
                  customer_id: { type: 'string' },
                  operators: { type: 'object', additionalProperties: true },
                },
              },
            },
            404: 'Nothing is known of that customer.',
          },
        },
      },
    },
    async (request, reply) => {
      const { tenant, id } = request.params
      require_tenant(authenticate(request), tenant)
      const key = `${tenant}|${id}`
      const partition = partition_of(Buffer.from(key), app.partitions)
      const fields = await store
        .peek({ app: app.name, group: GROUP, partition }, key)
        .catch((error: unknown) => {
          deps.logger.warn({ err: error }, 'state could not be read')
          throw unavailable('the state store is out of reach')
        })
      if (fields.size === 0)
        throw refusal(404, 'NOT_FOUND', `nothing is known of customer ${id} of tenant ${tenant}`)
      return reply.send({ tenant_id: tenant, customer_id: id, operators: read_state(fields) })
    },
  )
}
