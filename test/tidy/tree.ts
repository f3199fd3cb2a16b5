/**
 * The tree under test: the repository's own text files, or a sample of a few. A rule is a function from it to
 * complaints.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAst } from 'vitest/node'

/** Path from the root, with slashes, to the file's text. */
export type Tree = ReadonlyMap<string, string>
/** One line per breach, each beginning with the file. Empty: the tree obeys. */
export type Rule = (tree: Tree) => string[]

/** Files that break a rule, and files close by that must pass. */
export interface Sample {
  readonly rule: Rule
  readonly breaks: Readonly<Record<string, string>>
  /** One piece of text per complaint, in order. */
  readonly said: readonly string[]
  readonly passes: Readonly<Record<string, string>>
}

/** Text of a sample's file. */
export const lines = (...each: string[]): string => each.join('\n')

export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

const root = join(import.meta.dirname, '../..')
/** What is not ours, not text or not kept in the repository. */
const OUTSIDE = /^(node_modules|\.git|\.stack|data|coverage)$/
const TEXT =
  /(\.(ts|js|mjs|json|avsc|sql|md|yml|yaml|sh|html|css|lock|toml)|Dockerfile|LICENSE|\.npmrc|\.ci\/run)$/

const walk_files = (dir: string, into: Map<string, string>): Map<string, string> => {
  for (const entry of readdirSync(join(root, dir), { withFileTypes: true })) {
    const path = dir ? `${dir}/${entry.name}` : entry.name
    if (OUTSIDE.test(entry.name)) continue
    if (entry.isDirectory()) walk_files(path, into)
    else if (TEXT.test(path)) into.set(path, readFileSync(join(root, path), 'utf8'))
  }
  return into
}
export const repository = (): Tree => walk_files('', new Map())

export const in_folders = (tree: Tree, ...folders: string[]): [path: string, text: string][] =>
  [...tree].filter(([path]) => folders.some(folder => path.startsWith(`${folder}/`)))

/** The TypeScript files of some folders; of the whole tree when none is named. */
export const sources = (tree: Tree, ...folders: string[]): [path: string, text: string][] =>
  (folders.length ? in_folders(tree, ...folders) : [...tree]).filter(([path]) => path.endsWith('.ts'))

const parsed = new Map<string, Node>()
export const parse = (path: string, text: string): Node => {
  const known = parsed.get(text)
  if (known) return known
  try {
    const ast = parseAst(text, { lang: 'ts', astType: 'ts' }) as unknown as Node
    parsed.set(text, ast)
    return ast
  } catch (cause) {
    throw new Error(`${path} does not parse`, { cause })
  }
}

const is_node = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'

/** Every node below (and with) the given one, each with its parent and the parent's field it stands in. */
export const visit = (node: Node, see: (node: Node, parent: Node | null, field: string) => void): void => {
  const descend = (at: Node, parent: Node | null, field: string) => {
    see(at, parent, field)
    for (const [name, value] of Object.entries(at)) {
      if (is_node(value)) descend(value, at, name)
      else if (Array.isArray(value)) for (const item of value) if (is_node(item)) descend(item, at, name)
    }
  }
  descend(node, null, '')
}

export const line_of = (text: string, offset: number): number => text.slice(0, offset).split('\n').length

export interface Import {
  readonly from: string
  /** Imported names; `*` for a namespace, a default or a re-export of everything. */
  readonly names: readonly { readonly name: string; readonly type_only: boolean }[]
}

const literal = (node: unknown): string | null =>
  is_node(node) && node.type === 'Literal' && typeof node.value === 'string' ? node.value : null

const import_of = (node: Node): Import | null => {
  if (node.type === 'TSImportType') {
    const argument = (node.source ?? node.argument) as Node
    const from = literal(argument) ?? literal(argument?.literal)
    return from === null ? null : { from, names: [{ name: '*', type_only: true }] }
  }
  const from = literal(node.source)
  if (from === null) return null
  if (node.type === 'ImportExpression' || node.type === 'ExportAllDeclaration')
    return { from, names: [{ name: '*', type_only: node.exportKind === 'type' }] }
  if (node.type !== 'ImportDeclaration' && node.type !== 'ExportNamedDeclaration') return null
  const whole = node.importKind === 'type' || node.exportKind === 'type'
  const names = (node.specifiers as Node[]).map(specifier => {
    const imported = (specifier.imported ??
      (node.type === 'ExportNamedDeclaration' ? specifier.local : null)) as Node | null
    const type_only = whole || specifier.importKind === 'type' || specifier.exportKind === 'type'
    return { name: imported ? String(imported.name ?? imported.value) : '*', type_only }
  })
  return { from, names }
}

/**
 * Imports, re-exports, import() and import types of a file, with relative ones resolved to paths from the
 * root.
 */
export const imports_of = (path: string, text: string): Import[] => {
  const found: Import[] = []
  visit(parse(path, text), node => {
    const one = import_of(node)
    if (one) found.push({ ...one, from: one.from.startsWith('.') ? resolve_path(path, one.from) : one.from })
  })
  return found
}

const resolve_path = (importer: string, specifier: string): string => {
  const parts = importer.split('/').slice(0, -1)
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return `./${parts.join('/')}`
}
