/** /openapi.json: generated from the routes as registered and the Avro schemas of the topics. */
import type { FastifyInstance } from 'fastify'
import type { App } from '../runtime/app.ts'
import { json_schema } from '../runtime/emit.ts'

interface Parameter {
  readonly enum?: readonly string[]
  readonly description?: string
  /** JSON schema where it is more than text; wins over `enum`. */
  readonly schema?: object
  /** Of the query only: what stands in the path always is. */
  readonly required?: boolean
}

/** A description, and where it is known the body's JSON schema; `content_type` where it is not JSON. */
type Response =
  | string
  | { readonly description: string; readonly schema?: object; readonly content_type?: string }

/** What a route says of itself; method and path are the route's own. */
export interface Operation {
  readonly summary: string
  readonly parameters?: Readonly<Record<string, Parameter>>
  readonly body?: { readonly rows_of: readonly string[] } | { readonly schema: object }
  readonly responses: Readonly<Record<number, Response>>
  /** No API key is asked for. */
  readonly open?: boolean
}

declare module 'fastify' {
  interface FastifyContextConfig {
    openapi?: Operation
  }
}

/** The JSON schema of a flat object that has all of these fields, by type. */
export const object_of = (fields: Readonly<Record<string, string>>): object => ({
  type: 'object',
  required: Object.keys(fields),
  properties: Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, { type }])),
})

/** The shape of every refusal (refusals.ts). */
const REFUSAL = {
  type: 'object',
  required: ['error', 'reason'],
  properties: {
    error: { type: 'string', description: 'A word for programs, e.g. INVALID_ROW.' },
    reason: { type: 'string', description: 'A sentence for people.' },
    field: { type: 'string' },
    index: { type: 'integer', minimum: 0, description: 'Of the row in the array sent.' },
    remedy: { type: 'string', description: 'What to do.' },
  },
}

/** Of every route that asks for a key. */
const NO_KEY = 'No API key, or an unknown one.'

/** Install before the routes: it listens to their registration. */
export const openapi_routes = (server: FastifyInstance, app: App): void => {
  const paths: Record<string, Record<string, object>> = {}
  server.addHook('onRoute', ({ method, url, config }) => {
    if (!config?.openapi) return
    const path = url.replace(/:(\w+)/g, '{$1}')
    for (const each of [method].flat())
      if (each !== 'HEAD')
        paths[path] = { ...paths[path], [each.toLowerCase()]: describe(each, url, config.openapi) }
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
      schemas: {
        ...Object.fromEntries(
          Object.entries(app.topics)
            .filter(([, spec]) => !spec.of)
            .map(([topic, spec]) => [topic, json_schema(app.schemas[spec.schema]!)]),
        ),
        Refusal: REFUSAL,
      },
    },
  })
  const openapi: Operation = { summary: 'This document.', responses: { 200: 'OpenAPI 3.1.' }, open: true }
  server.get('/openapi.json', { config: { openapi } }, () => document())
}

const describe = (method: string, url: string, operation: Operation): object => {
  const { summary, parameters = {}, body, responses, open } = operation
  const in_path = [...url.matchAll(/:(\w+)/g)].map(match => match[1]!)
  const names = [...new Set([...in_path, ...Object.keys(parameters)])]
  return {
    summary,
    operationId: `${method.toLowerCase()}${url.replace(/[^a-zA-Z0-9]+/g, '_').replace(/_$/, '')}`,
    ...(open && { security: [] }),
    parameters: names.map(name => parameter(name, in_path.includes(name), parameters[name] ?? {})),
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: schema_of(body) } } },
    }),
    responses: Object.fromEntries(
      Object.entries(open ? responses : { 401: NO_KEY, ...responses }).map(([status, said]) => [
        status,
        response(Number(status), said),
      ]),
    ),
  }
}

const parameter = (name: string, in_path: boolean, said: Parameter): object => ({
  name,
  in: in_path ? 'path' : 'query',
  required: in_path || said.required === true,
  ...(said.description && { description: said.description }),
  schema: said.schema ?? { type: 'string', ...(said.enum && { enum: said.enum }) },
})

const response = (status: number, said: Response): object => {
  const { description, schema, content_type } = typeof said === 'string' ? { description: said } : said
  const refused = status >= 400 && !schema && !content_type
  if (refused) return { description, content: json_of({ $ref: '#/components/schemas/Refusal' }) }
  if (content_type) return { description, content: { [content_type]: schema ? { schema } : {} } }
  return { description, ...(schema && { content: json_of(schema) }) }
}
const json_of = (schema: object): object => ({ 'application/json': { schema } })

const schema_of = (body: NonNullable<Operation['body']>): object => {
  if ('schema' in body) return body.schema
  const rows = body.rows_of.map(topic => ({ $ref: `#/components/schemas/${topic}` }))
  return { anyOf: [...rows, { type: 'array', items: { anyOf: rows } }] }
}
