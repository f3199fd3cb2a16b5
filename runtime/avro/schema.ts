/**
 * Avro schemas as a small closed tree. Writer schemas come from strangers through the registry, so what the rest of
 * the runtime (decoder, sink, tables) does not support is refused here, once, and expansion is bounded.
 */

import { refuse } from './refused.ts'
import { type FieldRules, field_rules } from './rules.ts'

export type Primitive = 'boolean' | 'int' | 'long' | 'float' | 'double' | 'string' | 'bytes'
export type Node =
  | { readonly kind: Primitive; readonly timestamp: boolean }
  | { readonly kind: 'nullable'; readonly of: Node; readonly null_index: 0 | 1 }
  | { readonly kind: 'enum'; readonly symbols: readonly string[]; readonly fallback: string | undefined }
  | { readonly kind: 'array'; readonly items: Node }
  | { readonly kind: 'map' }
  | RecordNode
export interface RecordNode {
  readonly kind: 'record'
  readonly fields: readonly Field[]
  readonly names: ReadonlySet<string>
  /** Of the fields named, at least one is not null. */
  readonly any_of: readonly string[]
}
export interface Field {
  readonly name: string
  readonly aliases: readonly string[]
  readonly node: Node
  readonly doc: string | undefined
  /** Fresh value per call (maps and arrays are not shared between rows), or undefined where there is no default. */
  readonly default_value: (() => unknown) | undefined
  readonly rules: FieldRules | null
}

const PRIMITIVES: ReadonlySet<string> = new Set([
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'string',
  'bytes',
])
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const DEPTH_MAX = 32
/** Nodes after expansion of named types: a schema of a few lines can stand for 2^32 fields. */
const NODES_MAX = 5000

interface Scope {
  readonly named: Map<string, { readonly node: Node; readonly size: number }>
  readonly open: Set<string>
  readonly namespace: string
  readonly depth: number
  readonly size: { total: number }
  /** Rules are read from our own schemas only: the same attribute may mean anything in a stranger's. */
  readonly ours: boolean
}
type Json = Readonly<Record<string, unknown>>

const incompatible = (path: string, why: string): never =>
  refuse('SCHEMA_INCOMPATIBLE', path ? `${path}: ${why}` : why)
const is_object = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const parse_top = (schema: object, ours: boolean): RecordNode => {
  const scope = {
    named: new Map(),
    open: new Set<string>(),
    namespace: '',
    depth: 0,
    size: { total: 0 },
    ours,
  }
  const node = parse(schema, '', scope)
  return node.kind === 'record' ? node : incompatible('', 'the top level must be a record')
}

/** The tree of a stranger's schema, without rules. Throws Refused SCHEMA_INCOMPATIBLE naming the place. */
export const parse_writer = (schema: object): RecordNode => parse_top(schema, false)

const parsed = new WeakMap<object, RecordNode>()

/** The tree of a schema of ours, with its rules; kept per schema object. Throws like parse_writer. */
export const parse_reader = (schema: object): RecordNode => {
  const node = parsed.get(schema) ?? parse_top(schema, true)
  parsed.set(schema, node)
  return node
}

const parse = (schema: unknown, path: string, outer: Scope): Node => {
  const scope = { ...outer, depth: outer.depth + 1 }
  if (scope.depth > DEPTH_MAX) return incompatible(path, `nested deeper than ${DEPTH_MAX}`)
  if (++scope.size.total > NODES_MAX) return incompatible(path, `more than ${NODES_MAX} fields`)
  if (Array.isArray(schema)) return parse_union(schema, path, scope)
  if (typeof schema === 'string') {
    if (PRIMITIVES.has(schema)) return { kind: schema as Primitive, timestamp: false }
    return reference(schema, path, scope)
  }
  if (!is_object(schema)) return incompatible(path, 'not a schema')
  const { type } = schema
  if (type === 'record') return named(schema, path, scope, inner => parse_record(schema, path, inner))
  if (type === 'enum') return named(schema, path, scope, () => parse_enum(schema, path))
  if (type === 'array') return { kind: 'array', items: parse(schema.items, `${path}[]`, scope) }
  if (type === 'map') {
    const values = parse(schema.values, `${path}{}`, scope)
    return values.kind === 'string'
      ? { kind: 'map' }
      : incompatible(path, 'only maps of string are supported')
  }
  if (typeof type === 'string' && PRIMITIVES.has(type)) return primitive(type as Primitive, schema, path)
  if (is_object(type) || Array.isArray(type)) return parse(type, path, scope)
  if (typeof type === 'string' && scope.named.has(type)) return reference(type, path, scope)
  return incompatible(path, `type ${JSON.stringify(type) ?? 'missing'} is not supported`)
}

const primitive = (kind: Primitive, schema: Json, path: string): Node => {
  const { logicalType } = schema
  if (logicalType === undefined) return { kind, timestamp: false }
  // Any other unit or meaning of the same bytes would be stored wrong without an error.
  if (kind === 'long' && logicalType === 'timestamp-millis') return { kind, timestamp: true }
  return incompatible(path, `logical type ${JSON.stringify(logicalType)} of ${kind} is not supported`)
}

const parse_union = (branches: readonly unknown[], path: string, scope: Scope): Node => {
  const null_index = branches.findIndex(
    branch => branch === 'null' || (is_object(branch) && branch.type === 'null'),
  )
  if (branches.length !== 2 || (null_index !== 0 && null_index !== 1))
    return incompatible(path, 'of unions only null and one other type are supported')
  const of = parse(branches[1 - null_index], path, scope)
  if (of.kind === 'nullable') return incompatible(path, 'a union inside a union')
  return { kind: 'nullable', of, null_index }
}

const full_name = (name: string, namespace: string): string =>
  name.includes('.') || !namespace ? name : `${namespace}.${name}`

const reference = (name: string, path: string, scope: Scope): Node => {
  const full = full_name(name, scope.namespace)
  if (scope.open.has(full) || scope.open.has(name)) return incompatible(path, `${name} contains itself`)
  const found = scope.named.get(full) ?? scope.named.get(name)
  if (!found) return incompatible(path, `type ${JSON.stringify(name)} is not supported`)
  scope.size.total += found.size
  if (scope.size.total > NODES_MAX) return incompatible(path, `more than ${NODES_MAX} fields`)
  const deepest = scope.depth + depth_of(found.node) - 1
  return deepest > DEPTH_MAX ? incompatible(path, `nested deeper than ${DEPTH_MAX}`) : found.node
}

const depth_of = (node: Node): number => {
  if (node.kind === 'record') return 1 + Math.max(0, ...node.fields.map(field => depth_of(field.node)))
  if (node.kind === 'array') return 1 + depth_of(node.items)
  if (node.kind === 'nullable') return 1 + depth_of(node.of)
  return 1
}

const named = (schema: Json, path: string, scope: Scope, build: (inner: Scope) => Node): Node => {
  const { name, namespace } = schema
  if (typeof name !== 'string' || !name.split('.').every(part => NAME.test(part)))
    return incompatible(path, `${JSON.stringify(name) ?? 'nothing'} is not a type name`)
  const own = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : undefined
  const space = own ?? (typeof namespace === 'string' ? namespace : scope.namespace)
  const full = full_name(name, space)
  if (scope.named.has(full) || scope.open.has(full))
    return incompatible(path, `type ${full} is defined twice`)
  scope.open.add(full)
  const before = scope.size.total
  const node = build({ ...scope, namespace: space })
  scope.open.delete(full)
  scope.named.set(full, { node, size: scope.size.total - before })
  return node
}

const parse_enum = (schema: Json, path: string): Node => {
  const { symbols, default: fallback } = schema
  if (
    !Array.isArray(symbols) ||
    symbols.length === 0 ||
    !symbols.every(s => typeof s === 'string' && NAME.test(s))
  )
    return incompatible(path, 'an enum needs a list of symbols')
  if (new Set(symbols).size !== symbols.length) return incompatible(path, 'an enum symbol is listed twice')
  return { kind: 'enum', symbols, fallback: symbols.includes(fallback) ? (fallback as string) : undefined }
}

const parse_record = (schema: Json, path: string, scope: Scope): RecordNode => {
  if (!Array.isArray(schema.fields)) return incompatible(path, 'a record needs fields')
  const seen = new Set<string>()
  const fields = schema.fields.map((field: unknown): Field => {
    if (
      !is_object(field) ||
      typeof field.name !== 'string' ||
      !NAME.test(field.name) ||
      field.name === '__proto__'
    )
      return incompatible(path, 'a field needs a name')
    const at = path ? `${path}.${field.name}` : field.name
    if (seen.has(field.name)) return incompatible(at, 'the field is listed twice')
    seen.add(field.name)
    const node = parse(field.type, at, scope)
    return {
      name: field.name,
      aliases: Array.isArray(field.aliases) ? field.aliases.filter(alias => typeof alias === 'string') : [],
      node,
      doc: typeof field.doc === 'string' ? field.doc : undefined,
      default_value: 'default' in field ? default_of(node, field.default, at) : undefined,
      rules: scope.ours ? field_rules(field, value_kind(node)) : null,
    }
  })
  const any_of =
    scope.ours && Array.isArray(schema.any_of) ? schema.any_of.filter(name => seen.has(name)) : []
  return { kind: 'record', fields, names: seen, any_of }
}

const value_kind = (node: Node): string => (node.kind === 'nullable' ? node.of.kind : node.kind)

/** A writer's default is of no use to us and its form is the writer's affair, so a wrong one is an absent one. */
const default_of = (node: Node, json: unknown, path: string): (() => unknown) | undefined => {
  switch (node.kind) {
    case 'nullable':
      return json === null ? () => null : default_of(node.of, json, path)
    case 'array': {
      if (!Array.isArray(json)) return undefined
      const items = json.map(item => default_of(node.items, item, path))
      return items.every(item => item !== undefined) ? () => items.map(item => item()) : undefined
    }
    case 'map': {
      if (!is_object(json) || !Object.values(json).every(value => typeof value === 'string')) return undefined
      return () => ({ ...json })
    }
    case 'record': {
      if (!is_object(json)) return undefined
      const fields = node.fields.map(({ name, node: inner, default_value }) => {
        const value = Object.hasOwn(json, name)
          ? default_of(inner, json[name], `${path}.${name}`)
          : default_value
        return [name, value] as const
      })
      if (fields.some(([, value]) => value === undefined)) return undefined
      return () => Object.fromEntries(fields.map(([name, value]) => [name, value?.()]))
    }
    case 'enum':
      return typeof json === 'string' && node.symbols.includes(json) ? () => json : undefined
    case 'bytes':
      return typeof json === 'string' ? () => Buffer.from(json, 'latin1') : undefined
    case 'string':
      return typeof json === 'string' ? () => json : undefined
    case 'boolean':
      return typeof json === 'boolean' ? () => json : undefined
    case 'int':
    case 'long':
      return Number.isSafeInteger(json) ? () => json : undefined
    default:
      return typeof json === 'number' ? () => json : undefined
  }
}
