/** /openapi.json: generated from the routes as registered and the Avro schemas of the topics. */
import type { FastifyInstance } from 'fastify'
import type { App } from '../runtime/app.ts'
import { json_schema } from '../runtime/emit.ts'

/** What a route says of itself; method and path are the route's own. */
export interface Operation {
  readonly summary: string
  readonly parameters?: Readonly<
    Record<string, { readonly enum?: readonly string[]; readonly description?: string }>
  >
  readonly body?: { readonly rows_of: readonly string[] } | { readonly schema: object }
  readonly responses: Readonly<Record<number, string>>
}

declare module 'fastify' {
  interface FastifyContextConfig {
    openapi?: Operation
  }
}

/** Install before the routes: it listens to their registration. */
export const openapi_routes = (server: FastifyInstance, app: App): void => {
  const paths: Record<string, Record<string, object>> = {}
  server.addHook('onRoute', ({ method, url, config }) => {
    if (!config?.openapi || method === 'HEAD') return
    const path = url.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [String(method).toLowerCase()]: describe(url, config.openapi) }
  })
  const document = () => ({
    openapi: '3.1.0',
    info: { title: 'Tributary', version: '1', description: 'Events in, exact money and decisions out.' },
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key; X-API-Key works too.' },
      },
      schemas: Object.fromEntries(
        Object.entries(app.topics).map(([topic, spec]) => [topic, json_schema(app.schemas[spec.schema]!)]),
      ),
    },
  })
  const openapi: Operation = { summary: 'This document.', responses: { 200: 'OpenAPI 3.1.' } }
  server.get('/openapi.json', { config: { openapi } }, () => document())
}

const describe = (url: string, { summary, parameters = {}, body, responses }: Operation): object => {
  const in_path = [...url.matchAll(/:(\w+)/g)].map(match => match[1]!)
  const names = [...new Set([...in_path, ...Object.keys(parameters)])]
  return {
    summary,
    parameters: names.map(name => ({
      name,
      in: in_path.includes(name) ? 'path' : 'query',
      required: in_path.includes(name),
      ...(parameters[name]?.description && { description: parameters[name].description }),
      schema: { type: 'string', ...(parameters[name]?.enum && { enum: parameters[name].enum }) },
    })),
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: schema_of(body) } } },
    }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, description]) => [status, { description }]),
    ),
  }
}

const schema_of = (body: NonNullable<Operation['body']>): object => {
  if ('schema' in body) return body.schema
  const rows = body.rows_of.map(topic => ({ $ref: `#/components/schemas/${topic}` }))
  return { anyOf: [...rows, { type: 'array', items: { anyOf: rows } }] }
}
