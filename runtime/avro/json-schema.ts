/** The same contract as JSON Schema (2020-12, as OpenAPI 3.1 uses it), for the description of the HTTP interface. */
import { described_rules } from './rules.ts'
import { type Field, type Node, parse_reader, type RecordNode } from './schema.ts'

type Json = Record<string, unknown>

/** JSON Schema of what row_from_json takes for this schema. */
export const json_schema = (schema: object): Json => of_record(parse_reader(schema))

const of_record = (node: RecordNode): Json => ({
  type: 'object',
  properties: Object.fromEntries(node.fields.map(field => [field.name, of_field(field)])),
  required: node.fields.filter(field => !field.default_value).map(field => field.name),
  additionalProperties: false,
  ...(node.any_of.length > 0 && {
    anyOf: node.any_of.map(name => ({ required: [name], properties: { [name]: { not: { type: 'null' } } } })),
  }),
})

const of_field = ({ node, doc, rules, default_value }: Field): Json => {
  const nullable = node.kind === 'nullable'
  const value = { ...of_node(nullable ? node.of : node), ...(rules && described_rules(rules)) }
  return {
    ...(nullable ? { anyOf: [value, { type: 'null' }] } : value),
    ...(doc !== undefined && { description: doc }),
    ...(default_value && { default: plain(default_value()) }),
  }
}

const plain = (value: unknown): unknown => (Buffer.isBuffer(value) ? value.toString('base64') : value)

const of_node = (node: Node): Json => {
  switch (node.kind) {
    case 'nullable':
      return { anyOf: [of_node(node.of), { type: 'null' }] }
    case 'record':
      return of_record(node)
    case 'array':
      return { type: 'array', items: of_node(node.items) }
    case 'map':
      return { type: 'object', additionalProperties: { type: 'string' } }
    case 'enum':
      return { type: 'string', enum: [...node.symbols] }
    case 'bytes':
      return { type: 'string', contentEncoding: 'base64' }
    case 'string':
    case 'boolean':
      return { type: node.kind }
    case 'int':
      return { type: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 }
    case 'long':
      return node.timestamp ? { anyOf: [LONG, { type: 'string', format: 'date-time' }] } : LONG
    default:
      return { type: 'number' }
  }
}
const LONG = { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }
