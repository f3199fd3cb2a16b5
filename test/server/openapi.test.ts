/** The description of the HTTP API: it is OpenAPI 3.1, and no route is missing from it. */
import { beforeAll, describe, expect, it } from 'vitest'
import { memory_server } from './memory-ports.ts'
import { broken_references, type Json, objects_in } from './references.ts'

type Part = { [name: string]: Json }
interface Documented extends Part {
  paths: { [path: string]: { [method: string]: Part } }
}
const METHODS = /^(get|put|post|delete|options|head|patch|trace)$/
const TYPES = new Set(['null', 'boolean', 'object', 'array', 'number', 'string', 'integer'])

/** Places where a JSON schema begins: components, and every `schema`. */
const schema_places = (document: Json): [string, Part][] =>
  [...objects_in(document)].filter(([place]) => /\/components\/schemas\/|\/schema(\/|$)/.test(place))

const schema_breaches = (document: Json): string[] =>
  schema_places(document).flatMap(([place, schema]) => {
    // Below `properties` a name is a field's, not a keyword.
    if (/\/(properties|default|example|examples|enum)$/.test(place)) return []
    const types = [schema.type ?? []].flat()
    const unknown = types
      .filter(type => !TYPES.has(String(type)))
      .map(type => `${place}: type ${String(type)}`)
    const required = Array.isArray(schema.required) ? schema.required : []
    const fields = (schema.properties ?? {}) as Part
    const absent = required.filter(name => !(String(name) in fields))
    return [...unknown, ...absent.map(name => `${place}: requires ${String(name)}, which it has not`)]
  })

const parameter_breaches = (place: string, path: string, operation: Part): string[] => {
  const parameters = (operation.parameters ?? []) as Part[]
  const found: string[] = []
  for (const { name, in: where, required, schema } of parameters) {
    if (where !== 'path' && where !== 'query' && where !== 'header' && where !== 'cookie')
      found.push(`${place}: ${String(name)} in ${String(where)}`)
    if (where === 'path' && required !== true)
      found.push(`${place}: ${String(name)} is in the path, so required`)
    if (typeof schema !== 'object') found.push(`${place}: ${String(name)} has no schema`)
  }
  const said = parameters.filter(each => each.in === 'path').map(each => String(each.name))
  const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(match => match[1] as string)
  if (said.sort().join() !== wanted.sort().join()) found.push(`${place}: path parameters ${said.join()}`)
  return found
}

const operation_breaches = (path: string, method: string, operation: Part): string[] => {
  const place = `${method} ${path}`
  const responses = Object.entries((operation.responses ?? {}) as { [status: string]: Part })
  return [
    ...(METHODS.test(method) ? [] : [`${place}: no method`]),
    ...(typeof operation.summary === 'string' && operation.summary ? [] : [`${place}: no summary`]),
    ...(responses.some(([status]) => /^[23]\d\d$/.test(status)) ? [] : [`${place}: nothing succeeds`]),
    ...responses.flatMap(([status, { description }]) =>
      /^([1-5]\d\d|default)$/.test(status) && typeof description === 'string' && description
        ? []
        : [`${place}: response ${status}`],
    ),
    ...parameter_breaches(place, path, operation),
  ]
}

/** What OpenAPI 3.1 asks of a document, as far as ours uses it; one line per breach. */
const breaches = (document: Documented): string[] => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
  const ids = operations.map(({ operation }) => String(operation.operationId))
  const schemes = Object.keys((document.components as { securitySchemes: Part }).securitySchemes)
  const asked = [document.security, ...operations.map(({ operation }) => operation.security)]
  return [
    ...(/^3\.1\.\d+$/.test(String(document.openapi)) ? [] : ['openapi is 3.1']),
    ...broken_references(document),
    ...operations.flatMap(({ path, method, operation }) => operation_breaches(path, method, operation)),
    ...ids.filter((id, at) => ids.indexOf(id) !== at).map(id => `${id} names two operations`),
    ...asked
      .flatMap(each => ((each ?? []) as Part[]).flatMap(names => Object.keys(names)))
      .filter(name => !schemes.includes(name)),
    ...schema_breaches(document),
  ]
}

/** The page and what it loads: files, not an API. */
const STATIC = /^\/$|\*|\.(html|js|mjs|ts|css|svg|png|ico|woff2|map|webmanifest)$/

/** `get /v1/x/{id}` of every route, from the tree that fastify prints: each level is four characters in. */
const routes_of = (printed: string): string[] => {
  const above: string[] = []
  return printed.split('\n').flatMap(line => {
    const [, indent = '', part = '', methods = ''] = /^(.*?)[├└]── (\S+)(?: \(([A-Z, ]+)\))?/.exec(line) ?? []
    if (!part) return []
    const depth = indent.length / 4
    above.splice(depth, above.length, part)
    const url = above.join('').replace(/:(\w+)/g, '{$1}')
    const named = methods.split(', ').filter(method => method !== '' && method !== 'HEAD')
    return named.map(method => `${method.toLowerCase()} ${url}`)
  })
}

let document: Documented
let routes: string[]
beforeAll(async () => {
  const { server } = await memory_server()
  document = (await server.inject('/openapi.json')).json()
  routes = routes_of(server.printRoutes({ commonPrefix: false }))
})

describe('GET /openapi.json', () => {
  it('is OpenAPI 3.1', () => {
    expect(breaches(document)).toEqual([])
  })

  it('has every route but the files of the page', () => {
    expect(routes.length).toBeGreaterThanOrEqual(9)
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method} ${path}`),
    )
    const api = routes.filter(route => !STATIC.test(route.split(' ')[1] as string))
    expect(described.filter(each => !STATIC.test(each)).sort()).toEqual(api.sort())
  })

  it('reads the tree of routes whatever stands above another', () => {
    const tree = [
      '└── / (GET, HEAD)',
      '    ├── a.ts (GET)',
      '    └── v1/x (POST, GET)',
      '        └── /:id (PUT)',
      '',
    ]
    expect(routes_of(tree.join('\n'))).toEqual([
      'get /',
      'get /a.ts',
      'post /v1/x',
      'get /v1/x',
      'put /v1/x/{id}',
    ])
  })

  it('says what a refusal looks like, and which routes ask for no key', () => {
    const { '/v1/events/{topic}': events, '/healthz': health } = document.paths
    expect(events?.post?.responses).toMatchObject({
      202: { content: { 'application/json': { schema: { required: ['accepted', 'ids'] } } } },
      400: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Refusal' } } } },
    })
    expect(events?.post).not.toHaveProperty('security')
    expect(events?.post).toHaveProperty('responses.401')
    expect(health?.get?.security).toEqual([])
    expect(health?.get).not.toHaveProperty('responses.401')
  })

  it.each<[string, (broken: Documented) => void]>([
    [
      '#/x → #/components/schemas/nothing',
      broken => {
        broken.x = { $ref: '#/components/schemas/nothing' }
      },
    ],
    [
      'get /v1/customers/{tenant}/{id}: path parameters tenant',
      ({ paths }) => {
        const operation = paths['/v1/customers/{tenant}/{id}']?.get as Part
        operation.parameters = (operation.parameters as Part[]).filter(({ name }) => name !== 'id')
      },
    ],
    [
      'post /v1/events/{topic}: nothing succeeds',
      ({ paths }) => {
        const operation = paths['/v1/events/{topic}']?.post as Part
        operation.responses = { 400: { description: 'x' } }
      },
    ],
    [
      '#/components/schemas/Refusal/properties/error: type text',
      ({ components }) => {
        const { schemas } = components as { schemas: { Refusal: { properties: { error: Part } } } }
        schemas.Refusal.properties.error.type = 'text'
      },
    ],
    [
      'get_healthz names two operations',
      ({ paths }) => {
        ;(paths['/metrics']?.get as Part).operationId = 'get_healthz'
      },
    ],
  ])('is checked by something that sees %s', (said, spoil) => {
    const broken = structuredClone(document)
    spoil(broken)
    expect(breaches(broken)).toContain(said)
  })
})
