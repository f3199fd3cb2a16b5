/**
 * Body to row, compiled per (writer schema, reader schema, fields): one pass walks and checks all fields of the writer
 * and decodes only the requested ones. Generated code, because interpreting the schema per record costs several times
 * as much. Names of the writer never enter the code except as JSON strings that passed Avro's rule for names.
 */
import {
  broken,
  cursor,
  ITEMS_MAX,
  put_entry,
  read_long,
  read_text,
  read_varint,
  remembering,
  ruled_text,
  truncated,
} from './cursor.ts'
import { Refused, refuse } from './refused.ts'
import { type FieldRules, none_of, violation } from './rules.ts'
import { type Field, type Node, parse_reader, parse_writer, type RecordNode } from './schema.ts'

export { type Reason, Refused } from './refused.ts'

export type Row = Record<string, unknown>
/**
 * The Avro body lies from `start` (5 behind the Confluent prefix) to `end` (exclusive; of the whole buffer where it is left out).
 * Throws Refused, nothing else.
 */
export type Decoder = (bytes: Buffer, start: number, end?: number) => Row

type NullableNode = Extract<Node, { kind: 'nullable' }>
type EnumNode = Extract<Node, { kind: 'enum' }>

/** What to do with a value besides walking it. */
interface Target {
  /** Decode it; without, the expression that comes back is not to be used. */
  readonly want: boolean
  readonly rules: FieldRules | null
  readonly path: string
}

const RUNTIME = {
  broken,
  cursor,
  put_entry,
  read_long,
  read_text,
  read_varint,
  refuse,
  truncated,
  Refused,
  violation,
}

/**
 * Compiles the decoder of bodies by `writer` into rows of exactly `fields` (of `reader`, in that order, one hidden
 * class). Throws Refused SCHEMA_INCOMPATIBLE, or Error when a requested field is not one of the reader's.
 */
export const compile_decoder = (writer: object, reader: object, fields: readonly string[]): Decoder => {
  const from = parse_writer(writer)
  const to = parse_reader(reader)
  const wanted = new Set(fields)
  for (const name of wanted)
    if (!to.fields.some(field => field.name === name)) throw new Error(`the schema has no field ${name}`)
  return new Compilation().top(from, to, wanted)
}

class Compilation {
  private readonly lines: string[] = []
  private readonly constants: unknown[] = []
  private names = 0

  top(from: RecordNode, to: RecordNode, wanted: ReadonlySet<string>): Decoder {
    const values = this.record_fields(from, to, name => wanted.has(name), '')
    const row = [...wanted].map(name => `${name}: ${values.get(name)}`)
    const source = `
      const { ${Object.keys(RUNTIME).join(', ')} } = runtime
      return (buf, start, end = buf.length) => {
        let p = start, items = 0
        cursor.broken = null
        ${this.lines.join('\n')}
        if (p !== end) refuse('TRUNCATED_OR_TRAILING', (end - p) + ' bytes behind the last field')
        if (cursor.broken !== null) refuse(cursor.broken.reason, cursor.broken.detail)
        return { ${row.join(', ')} }
      }`
    return new Function('runtime', 'constants', source)(RUNTIME, this.constants) as Decoder
  }

  private name(): string {
    return `v${this.names++}`
  }
  private constant(value: unknown): string {
    this.constants.push(value)
    return `constants[${this.constants.length - 1}]`
  }
  private emit(code: string): void {
    this.lines.push(code)
  }

  /** Walks the writer's fields in their order; the expressions of the reader's fields that are wanted. */
  private record_fields(
    from: RecordNode,
    to: RecordNode | null,
    wanted: (name: string) => boolean,
    prefix: string,
  ): ReadonlyMap<string, string> {
    const values = new Map<string, string>()
    const sources = to ? matches(from, to, prefix) : new Map<Field, Field | undefined>()
    for (const field of from.fields) {
      const target = [...sources].find(([, source]) => source === field)?.[0] ?? null
      const path = prefix + field.name
      const want = target !== null && (wanted(target.name) || (to?.any_of.includes(target.name) ?? false))
      const value = this.value(field.node, target?.node ?? null, { want, rules: target?.rules ?? null, path })
      if (target) values.set(target.name, value)
    }
    for (const [field, source] of sources)
      if (!source) values.set(field.name, `${this.constant(field.default_value)}()`)
    if (to?.any_of.length) {
      const absent = to.any_of.map(name => `${values.get(name)} === null`).join(' && ')
      this.emit(`if (${absent}) broken('INVALID', ${JSON.stringify(prefix + none_of(to.any_of))});`)
    }
    return values
  }

  /** Emits the reading of one value; gives the expression that holds it. */
  private value(from: Node, to: Node | null, target: Target): string {
    if (from.kind === 'nullable') return this.nullable(from, to, target)
    const node = to?.kind === 'nullable' ? to.of : to
    const path = JSON.stringify(target.path)
    switch (from.kind) {
      case 'record':
        if (node && node.kind !== 'record') return kinds_differ(from, node, target.path)
        return this.record(from, node, target)
      case 'array':
        if (node && node.kind !== 'array') return kinds_differ(from, node, target.path)
        return this.array(from.items, node?.items ?? null, target)
      case 'map':
        if (node && node.kind !== 'map') return kinds_differ(from, node, target.path)
        return this.map(target)
      case 'enum':
        if (node && node.kind !== 'enum') return kinds_differ(from, node, target.path)
        return this.enumeration(from, node, target)
      default:
        if (node && !readable(from.kind, node.kind)) return kinds_differ(from, node, target.path)
        return from.kind === 'string' || from.kind === 'bytes'
          ? this.text(from.kind, target)
          : this.number(from.kind, target, path)
    }
  }

  private nullable(from: NullableNode, to: Node | null, target: Target): string {
    const value = this.name()
    const index = this.varint(target.path)
    const path = JSON.stringify(target.path)
    this.emit(`let ${value} = null;`)
    this.emit(`if (${index} === ${1 - from.null_index}) {`)
    const inner = this.value(from.of, to, target)
    if (target.want) this.emit(`${value} = ${inner};`)
    this.emit(
      `} else if (${index} !== ${from.null_index}) refuse('DECODE', ${path} + ' has a bad union index');`,
    )
    if (to && to.kind !== 'nullable') this.emit(`else broken('INVALID', ${path} + ' is null');`)
    return value
  }

  private record(from: RecordNode, to: RecordNode | null, target: Target): string {
    const values = this.record_fields(from, to, () => target.want, `${target.path}.`)
    if (!target.want || !to) return 'undefined'
    return `{ ${to.fields.map(({ name }) => `${name}: ${values.get(name)}`).join(', ')} }`
  }

  private enumeration(from: EnumNode, to: EnumNode | null, target: Target): string {
    const index = this.varint(target.path)
    const path = JSON.stringify(target.path)
    this.emit(
      `if (${index} < 0 || ${index} >= ${from.symbols.length}) refuse('DECODE', ${path} + ' has a bad enum index');`,
    )
    if (!to) return 'undefined'
    const symbols = from.symbols.map(symbol => (to.symbols.includes(symbol) ? symbol : (to.fallback ?? null)))
    if (!target.want && !symbols.includes(null)) return 'undefined'
    const value = this.name()
    this.emit(`const ${value} = ${this.constant(symbols)}[${index}];`)
    if (symbols.includes(null))
      this.emit(
        `if (${value} === null) broken('DECODE', ${path} + ' has an unknown symbol: ' + ${this.constant(from.symbols)}[${index}]);`,
      )
    return value
  }

  private text(kind: 'string' | 'bytes', target: Target): string {
    const path = JSON.stringify(target.path)
    const length = this.length(target.path)
    if (kind === 'bytes') {
      const value = this.name()
      if (target.want) this.emit(`const ${value} = Buffer.from(buf.subarray(p, p + ${length}));`)
      this.emit(`p += ${length};`)
      return value
    }
    const ruled = target.rules && ruled_text(target.rules)
    const value = this.name()
    if (target.want) {
      const read = this.constant(remembering(ruled ? ruled.read : read_text))
      this.emit(`const ${value} = ${read}(buf, p, p + ${length}, ${path});`)
    } else if (ruled) this.emit(`${this.constant(ruled.check)}(buf, p, p + ${length}, ${path});`)
    this.emit(`p += ${length};`)
    return value
  }

  private number(kind: Node['kind'], target: Target, path: string): string {
    const value = this.name()
    if (kind === 'long' || kind === 'int') {
      this.emit(`let ${value};`)
      this.emit_varint(value, 'read_long', path)
      if (kind === 'int')
        this.emit(`if (${value} !== (${value} | 0)) refuse('RANGE', ${path} + ' is beyond 32 bits');`)
    } else if (kind === 'boolean') {
      this.emit(`if (p >= end) truncated(${path});`)
      this.emit(`const ${value} = buf[p] === 1;`)
      this.emit(`if (buf[p++] > 1) refuse('DECODE', ${path} + ' is a boolean of neither 0 nor 1');`)
    } else {
      const size = kind === 'double' ? 8 : 4
      this.emit(`if (end - p < ${size}) truncated(${path});`)
      const checked = target.want || target.rules
      if (checked) this.emit(`const ${value} = buf.read${kind === 'double' ? 'Double' : 'Float'}LE(p);`)
      this.emit(`p += ${size};`)
    }
    if (target.rules) {
      const rules = this.constant(target.rules)
      const wrong = this.name()
      this.emit(`const ${wrong} = violation(${rules}, ${value});`)
      this.emit(`if (${wrong} !== null) broken(${rules}.reason, ${path} + ' ' + ${wrong});`)
    }
    return value
  }

  private array(items: Node, to: Node | null, target: Target): string {
    const value = this.name()
    if (target.want) this.emit(`const ${value} = [];`)
    this.blocks(target.path, least_bytes(items), () => {
      const item = this.value(items, to, { want: target.want, rules: null, path: `${target.path}[]` })
      if (target.want) this.emit(`${value}.push(${item});`)
    })
    return value
  }

  private map(target: Target): string {
    const value = this.name()
    if (target.want) this.emit(`const ${value} = {};`)
    const inner = { want: target.want, rules: null, path: `${target.path}{}` }
    this.blocks(target.path, 2, () => {
      const key = this.text('string', inner)
      const item = this.text('string', inner)
      if (target.want) this.emit(`put_entry(${value}, ${key}, ${item});`)
    })
    return value
  }

  /** The blocks of an array or map. A negative count is followed by the block's size, which must be right. */
  private blocks(where: string, item_bytes: number, item: () => void): void {
    const path = JSON.stringify(where)
    const last = this.name()
    this.emit('for (;;) {')
    const count = this.varint(where)
    this.emit(`if (${count} === 0) break; let ${last} = -1;`)
    this.emit(`if (${count} < 0) { ${count} = -${count};`)
    const size = this.length(where)
    this.emit(`${last} = p + ${size}; }`)
    this.emit(
      `items += ${count}; if (items > ${ITEMS_MAX}) refuse('BOMB', ${path} + ' has more than ${ITEMS_MAX} items');`,
    )
    this.emit(`if (${count} * ${item_bytes} > end - p) truncated(${path});`)
    const i = this.name()
    this.emit(`for (let ${i} = 0; ${i} < ${count}; ${i}++) {`)
    item()
    this.emit('}')
    this.emit(
      `if (${last} !== -1 && p !== ${last}) refuse('DECODE', ${path} + ' has a block of another size than it says');`,
    )
    this.emit('}')
  }

  /** A length that the rest of the body holds. */
  private length(where: string): string {
    const length = this.varint(where)
    const path = JSON.stringify(where)
    this.emit(`if (${length} < 0) refuse('DECODE', ${path} + ' has a negative length');`)
    this.emit(`if (${length} > end - p) truncated(${path});`)
    return length
  }

  private varint(where: string): string {
    const value = this.name()
    this.emit(`let ${value};`)
    this.emit_varint(value, 'read_varint', JSON.stringify(where))
    return value
  }

  private emit_varint(value: string, slow: string, path: string): void {
    this.emit(`if (p >= end) truncated(${path}); ${value} = buf[p];
      if (${value} < 128) { p++; ${value} = (${value} >>> 1) ^ -(${value} & 1); }
      else { ${value} = ${slow}(buf, p, end, ${path}); p = cursor.at; }`)
  }
}

/** The writer's field of each of the reader's, by name, then by the reader's aliases; none is read twice. */
const matches = (from: RecordNode, to: RecordNode, prefix: string): ReadonlyMap<Field, Field | undefined> => {
  const own = new Set(to.fields.map(field => field.name))
  const free = from.fields.filter(({ name }) => !own.has(name))
  return new Map(
    to.fields.map(field => {
      const renamed = free.findIndex(({ name }) => field.aliases.includes(name))
      const source =
        from.fields.find(({ name }) => name === field.name) ??
        (renamed === -1 ? undefined : free.splice(renamed, 1)[0])
      if (!source && !field.default_value)
        refuse('SCHEMA_INCOMPATIBLE', `${prefix}${field.name} is missing and has no default`)
      return [field, source]
    }),
  )
}

const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  int: ['int', 'long', 'float', 'double'],
  long: ['long', 'float', 'double'],
  float: ['float', 'double'],
}
const readable = (from: string, to: string): boolean => PROMOTIONS[from]?.includes(to) ?? from === to

const kinds_differ = (from: Node, to: Node, path: string): never =>
  refuse('SCHEMA_INCOMPATIBLE', `${path} is written as ${from.kind}, read as ${to.kind}`)

const least_bytes = (node: Node): number => {
  if (node.kind === 'double') return 8
  if (node.kind === 'float') return 4
  if (node.kind === 'record') return node.fields.reduce((sum, field) => sum + least_bytes(field.node), 0)
  return 1
}
