/** Names: one list of domain words, no empty words, one spelling for files and fields, units last. */
import { in_folders, line_of, type Node, parse, type Rule, sources, visit } from './tree.ts'

const EMPTY_WORDS = /^(manager|handler|helper|engine|info|util)s?$/
const DOMAINS = new Set(
  `lead conversation quality pricing payment funnel upsell health anomaly alert attribution budget goal
   revenue subscription usage experiment journey identity metric segment`.split(/\s+/),
)
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/
const SNAKE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/

/** `parseUserInfo`, `user_info`, `user-info` → parse user info. */
const words_of = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean)

const empty_word = (name: string): string | undefined => words_of(name).find(word => EMPTY_WORDS.test(word))

const DECLARED_IN: Readonly<Record<string, readonly string[]>> = {
  VariableDeclarator: ['id'],
  FunctionDeclaration: ['id', 'params'],
  FunctionExpression: ['id', 'params'],
  ArrowFunctionExpression: ['params'],
  ClassDeclaration: ['id'],
  TSInterfaceDeclaration: ['id'],
  TSTypeAliasDeclaration: ['id'],
  TSPropertySignature: ['key'],
  TSMethodSignature: ['key'],
  PropertyDefinition: ['key'],
  MethodDefinition: ['key'],
}
/**
 * The name declared here, if one is; keys of object literals are often another library's words and are let
 * be.
 */
const declared = (node: Node, parent: Node | null, field: string): string | null => {
  if (node.type !== 'Identifier' && node.type !== 'PrivateIdentifier') return null
  return parent && DECLARED_IN[parent.type]?.includes(field) ? String(node.name) : null
}

/** bench/ keeps the names, of schema fields too, of the programs it is compared with. */
const named_by_us = (path: string): boolean => !path.startsWith('bench/')

export const no_empty_words: Rule = tree =>
  sources(tree)
    .filter(([path]) => named_by_us(path))
    .flatMap(([path, text]) => {
      const found: string[] = []
      const in_path = empty_word(path.replace(/\.ts$/, ''))
      if (in_path) found.push(`${path} is named ${in_path}: say what it does`)
      visit(parse(path, text), (node, parent, field) => {
        const name = declared(node, parent, field)
        const word = name && empty_word(name)
        if (word) found.push(`${path}:${line_of(text, node.start)} ${name} says ${word}: say what it does`)
      })
      return found
    })

const first_words = (tree: Parameters<Rule>[0]): [path: string, name: string][] => [
  ...sources(tree, 'operators').flatMap(([path]): [string, string][] => {
    const [, folder = ''] = path.split('/')
    return folder === 'core' || folder === 'stats' ? [] : [[path, folder]]
  }),
  ...sources(tree, 'pipelines')
    .filter(([path]) => path !== 'pipelines/index.ts')
    .map(([path]): [string, string] => [path, path.slice('pipelines/'.length, -3)]),
  ...in_folders(tree, 'sql/views').map(([path]): [string, string] => [
    path,
    path.slice('sql/views/'.length, -4),
  ]),
]

export const domains_come_first: Rule = tree =>
  first_words(tree)
    .filter(([, name]) => !DOMAINS.has(words_of(name.replace(/\.ts$/, ''))[0] ?? ''))
    .map(([path, name]) => `${path}: ${name} does not begin with a domain word`)

export const files_are_kebab_case: Rule = tree =>
  [...tree.keys()].filter(named_by_us).flatMap(path => {
    const match = /^(.*\/)?([^/]+?)(\.(?:test|config|v\d+))?\.(ts|sql|avsc)$/.exec(path)
    if (!match) return []
    const [, folder = '', name = '', , ending] = match
    const spelling = ending === 'ts' ? KEBAB : SNAKE
    if (!spelling.test(name))
      return [
        `${path}: ${ending === 'ts' ? 'files are kebab-case' : 'topics, tables and views are snake_case'}`,
      ]
    const odd = folder.split('/').find(part => part && !part.startsWith('.') && !KEBAB.test(part))
    return odd ? [`${path}: folders are kebab-case`] : []
  })

type Avro =
  | string
  | Avro[]
  | { type: Avro; logicalType?: string; items?: Avro; values?: Avro; fields?: AvroField[] }
interface AvroField {
  name: string
  type: Avro
}

/** The type without its null, and whether it is an instant. */
const bare = (type: Avro): { kind: string; instant: boolean; inner: AvroField[] } => {
  if (typeof type === 'string') return { kind: type, instant: false, inner: [] }
  if (Array.isArray(type)) return bare(type.find(branch => branch !== 'null') ?? 'null')
  if (type.fields) return { kind: 'record', instant: false, inner: type.fields }
  if (type.items !== undefined) return { kind: 'array', instant: false, inner: bare(type.items).inner }
  const { kind, inner } = bare(type.type)
  return { kind, inner, instant: type.logicalType === 'timestamp-millis' }
}

const NUMERIC = new Set(['int', 'long', 'float', 'double'])
const MONEY = new Set([
  'amount',
  'price',
  'cost',
  'gross',
  'net',
  'refunds',
  'revenue',
  'spend',
  'mrr',
  'fee',
  'budget',
])
const LENGTHS = new Set(['duration', 'gap', 'timeout', 'window', 'interval', 'age', 'ttl', 'delay'])

const field_breach = ({ name, type }: AvroField): string | null => {
  if (!SNAKE.test(name)) return 'fields are snake_case'
  const { kind, instant } = bare(type)
  const words = name.split('_')
  const last = words.at(-1) ?? ''
  if (words.slice(0, -1).some(word => ['minor', 'ms', 'ratio'].includes(word))) return 'the unit comes last'
  if (instant !== (words.length > 1 && last === 'at')) return 'an instant is a timestamp-millis named *_at'
  if ((last === 'minor' || last === 'ms') && kind !== 'long') return `*_${last} is a long`
  if (last === 'ratio' && kind !== 'double') return '*_ratio is a double'
  if (last === 'id' && kind !== 'string' && kind !== 'long') return '*_id is a string or a long'
  if (NUMERIC.has(kind) && MONEY.has(last)) return 'money ends in _minor'
  return NUMERIC.has(kind) && LENGTHS.has(last) ? 'a length of time ends in _ms' : null
}

export const fields_say_their_unit: Rule = tree =>
  [...tree]
    .filter(([path]) => path.endsWith('.avsc') && named_by_us(path))
    .flatMap(([path, text]) => {
      const judge = (fields: AvroField[], above: string): string[] =>
        fields.flatMap(field => {
          const breach = field_breach(field)
          return [
            ...(breach ? [`${path} ${above}${field.name}: ${breach}`] : []),
            ...judge(bare(field.type).inner, `${above}${field.name}.`),
          ]
        })
      return judge((JSON.parse(text) as { fields: AvroField[] }).fields, '')
    })
