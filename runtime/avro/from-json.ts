/**
 * Rows from what people send: JSON over HTTP and NDJSON, text cells of CSV. The result is what the decoder would give
 * for the same event, under the same rules; anything else is refused by the name of its field.
 */
import { cell_value } from './csv-cells.ts'
import { put_entry } from './cursor.ts'
import type { Row } from './decoder.ts'
import { instant_ms } from './instants.ts'
import { FieldError } from './refused.ts'
import { none_of, violation } from './rules.ts'
import { type Field, type Node, parse_reader, type RecordNode } from './schema.ts'

export { json_schema } from './json-schema.ts'
export { FieldError } from './refused.ts'

/**
 * A valid row of the schema, defaults filled in. Instants are integer milliseconds or ISO-8601 text with a zone;
 * bytes are base64. Throws FieldError.
 */
export const row_from_json = (schema: object, value: unknown): Row => record(parse_reader(schema), value, '')

/**
 * The same from text cells by column: an empty cell is an absent field, `properties.x` an entry of a map and
 * `context.x` a field of a nested record; a whole map, record or array may stand in one cell as JSON. Throws FieldError.
 */
export const row_from_csv = (schema: object, cells: Readonly<Record<string, string>>): Row => {
  const node = parse_reader(schema)
  const value: Record<string, unknown> = {}
  for (const [column, text] of Object.entries(cells)) place(node, value, column, text, '')
  return record(node, value, '')
}

const record = (node: RecordNode, value: unknown, path: string): Row => {
  if (!is_object(value)) throw new FieldError(path, 'must be an object')
  const row: Row = {}
  const prefix = path ? `${path}.` : ''
  for (const name of Object.keys(value))
    if (!node.names.has(name)) throw new FieldError(prefix + name, 'is not a field of the schema')
  for (const field of node.fields) {
    const given = Object.hasOwn(value, field.name) ? value[field.name] : undefined
    row[field.name] = field_value(field, given, prefix + field.name)
  }
  const first = node.any_of[0]
  if (first !== undefined && node.any_of.every(name => row[name] === null))
    throw new FieldError(prefix + first, `is null: ${none_of(node.any_of)}`)
  return row
}

const field_value = (field: Field, given: unknown, path: string): unknown => {
  if (given === undefined) {
    if (!field.default_value) throw new FieldError(path, 'is missing')
    return field.default_value()
  }
  const value = converted(field.node, given, path)
  const wrong = field.rules && value !== null ? violation(field.rules, value) : null
  if (wrong !== null) throw new FieldError(path, wrong)
  return value
}

const converted = (node: Node, value: unknown, path: string): unknown => {
  switch (node.kind) {
    case 'nullable':
      return value === null ? null : converted(node.of, value, path)
    case 'record':
      return record(node, value, path)
    case 'array':
      if (!Array.isArray(value)) throw new FieldError(path, 'must be an array')
      return value.map((item, i) => converted(node.items, item, `${path}[${i}]`))
    case 'map':
      return text_map(value, path)
    case 'enum':
      if (typeof value === 'string' && node.symbols.includes(value)) return value
      throw new FieldError(path, `must be one of ${node.symbols.join(', ')}`)
    case 'string':
      return text(value, path)
    case 'bytes':
      return base64(value, path)
    case 'boolean':
      if (typeof value !== 'boolean') throw new FieldError(path, 'must be true or false')
      return value
    case 'int':
    case 'long':
      return node.timestamp ? instant(value, path) : integer(value, path, node.kind)
    default:
      if (!Number.isFinite(value)) throw new FieldError(path, 'must be a number')
      return value
  }
}

const is_object = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const text = (value: unknown, path: string): string => {
  if (typeof value !== 'string') throw new FieldError(path, 'must be a string')
  // Half a surrogate pair has no UTF-8 and would come back as another text.
  if (!value.isWellFormed()) throw new FieldError(path, 'is not well-formed Unicode')
  return value
}

const text_map = (value: unknown, path: string): Row => {
  if (!is_object(value)) throw new FieldError(path, 'must be an object of strings')
  const map: Record<string, string> = {}
  for (const [key, item] of Object.entries(value))
    put_entry(map, text(key, path), text(item, `${path}.${key}`))
  return map
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const base64 = (value: unknown, path: string): Buffer => {
  if (typeof value !== 'string' || !BASE64.test(value)) throw new FieldError(path, 'must be base64')
  return Buffer.from(value, 'base64')
}

const integer = (value: unknown, path: string, kind: 'int' | 'long'): number => {
  if (!Number.isSafeInteger(value)) throw new FieldError(path, 'must be an integer within ±(2^53 − 1)')
  const number = value as number
  if (kind === 'int' && number !== (number | 0)) throw new FieldError(path, 'must be an integer of 32 bits')
  // -0 has no bytes of its own.
  return number + 0
}

const instant = (value: unknown, path: string): number => {
  const ms = typeof value === 'string' ? instant_ms(value) : value
  if (!Number.isSafeInteger(ms))
    throw new FieldError(
      path,
      'must be integer milliseconds or ISO-8601 text with a zone (2026-01-31T12:00:00Z)',
    )
  return (ms as number) + 0
}

/** Puts one cell where its column says, as the JSON value it stands for. */
const place = (node: RecordNode, into: Row, column: string, cell: string, prefix: string): void => {
  const dot = column.indexOf('.')
  const name = dot === -1 ? column : column.slice(0, dot)
  const path = prefix + column
  const field = node.fields.find(candidate => candidate.name === name)
  if (!field) throw new FieldError(path, 'is not a field of the schema')
  const inner = field.node.kind === 'nullable' ? field.node.of : field.node
  if (dot === -1) {
    if (cell === '') return
    if (Object.hasOwn(into, name)) throw new FieldError(path, 'is given by two columns')
    into[name] = cell_value(inner, cell, path)
    return
  }
  if (inner.kind !== 'record' && inner.kind !== 'map')
    throw new FieldError(path, 'is not a field of the schema')
  const rest = column.slice(dot + 1)
  if (inner.kind === 'map' && rest === '') throw new FieldError(path, 'needs a key behind the dot')
  if (cell === '' && inner.kind === 'map') return
  // Cells that are all empty leave a nullable record absent; their names are checked all the same.
  const absent = cell === '' && field.node.kind === 'nullable'
  const below = Object.hasOwn(into, name) ? into[name] : {}
  if (!is_object(below)) throw new FieldError(path, 'is given by two columns')
  if (!absent) into[name] = below
  if (inner.kind === 'record') place(inner, below, rest, cell, `${prefix}${name}.`)
  else if (Object.hasOwn(below, rest)) throw new FieldError(path, 'is given by two columns')
  else put_entry(below as Record<string, string>, rest, cell)
}
