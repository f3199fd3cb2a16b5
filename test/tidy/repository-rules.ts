/**
 * What must not creep into the repository: a machine's own paths, unfinished or sleeping tests, stale
 * generated files, forgotten operators.
 */
import { imports_of, line_of, type Node, parse, type Rule, sources, type Tree, visit } from './tree.ts'

/** Written in pieces, so that this file does not name what it forbids. */
const MACHINE = new RegExp(`(^|[^\\w.-])/(${['work', 'root', 'home', 'Users'].join('|')})/\\w`)
const REGISTRY =
  /\bregistry\s*[=:]\s*["']?https?:\/\/(?!registry\.npmjs\.org)|--(index|registry)(-url)?[= ]https?:/
const PUBLIC_LOCK = 'https://registry.npmjs.org/'

export const no_machine_of_ours: Rule = tree =>
  [...tree].flatMap(([path, text]) => {
    if (path === 'package-lock.json')
      return [...text.matchAll(/"resolved": "([^"]+)"/g)]
        .filter(([, url = '']) => !url.startsWith(PUBLIC_LOCK))
        .map(([, url]) => `${path} resolves from ${url}`)
    return text.split('\n').flatMap((line, i) => {
      if (MACHINE.test(line)) return [`${path}:${i + 1} holds a path of one machine`]
      return REGISTRY.test(line) ? [`${path}:${i + 1} names a package registry`] : []
    })
  })

/** The root of `it.concurrent.skip`, `describe.only.each` …, and the words behind it. */
const chain_of = (node: Node): { head: string; words: string[] } => {
  const words: string[] = []
  let at = node
  while (at.type === 'MemberExpression') {
    words.push(String((at.property as Node).name))
    at = at.object as Node
  }
  return { head: String(at.name), words }
}
const TESTS = /^(it|test|describe|suite|xit|xdescribe|xtest|fit|fdescribe)$/
const UNFINISHED = /^(skip|only|todo|fails)$/
/**
 * A test may depend on the machine only where it depends on a machine's services or data anyway, and then says
 * when it runs; CI has all of them, and refuses a skipped one.
 */
const CONDITIONAL = /^(skipIf|runIf)$/
const ON_SERVICES = /^test\/(services|browser)\//
const may_depend = (path: string, word: string): boolean =>
  word === 'runIf' && (ON_SERVICES.test(path) || path.startsWith('test/reference/'))

export const every_test_runs: Rule = tree =>
  sources(tree, 'test').flatMap(([path, text]) => {
    const found: string[] = []
    visit(parse(path, text), node => {
      if (
        node.type === 'CallExpression' &&
        /^(xit|xdescribe|xtest|fit|fdescribe)$/.test(String((node.callee as Node).name))
      )
        found.push(`${path}:${line_of(text, node.start)} ${(node.callee as Node).name}: run it or remove it`)
      if (node.type !== 'MemberExpression') return
      const { head, words } = chain_of(node)
      const [word = ''] = words
      if (!TESTS.test(head)) return
      if (UNFINISHED.test(word) || (CONDITIONAL.test(word) && !may_depend(path, word)))
        found.push(`${path}:${line_of(text, node.start)} ${head}.${word}: run it or remove it`)
    })
    return found
  })

export const tests_do_not_sleep: Rule = tree =>
  sources(tree, 'test')
    .filter(([path]) => !ON_SERVICES.test(path))
    .flatMap(([path, text]) => {
      const found = imports_of(path, text)
        .filter(({ from }) => from === 'node:timers/promises' || from === 'timers/promises')
        .map(({ from }) => `${path} imports ${from}: move a clock of the test's own, or vi.waitFor`)
      visit(parse(path, text), (node, parent, field) => {
        const called = parent?.type === 'CallExpression' && field === 'callee'
        if (called && node.type === 'Identifier' && /^set(Timeout|Interval)$/.test(String(node.name)))
          found.push(
            `${path}:${line_of(text, node.start)} ${node.name}: move a clock of the test's own, or vi.waitFor`,
          )
      })
      return found
    })

/** `fresh` is what the generator would write now, by file name in schemas/. */
export const generated_is_fresh =
  (fresh: Readonly<Record<string, string>>): Rule =>
  tree =>
    Object.entries(fresh)
      .filter(([name, text]) => tree.get(`schemas/${name}`) !== text)
      .map(([name]) => `schemas/${name} differs from the .avsc files: npm run generate`)

/** `options`: the table that the commands parse (runtime/config.ts). */
export const options_are_documented =
  (options: readonly { readonly flag?: string; readonly env?: string }[]): Rule =>
  tree => {
    const readme = tree.get('README.md') ?? ''
    return options
      .flatMap(({ flag, env }) => [...(flag ? [`--${flag}`] : []), ...(env ? [env] : [])])
      .filter(name => !readme.includes(`\`${name}\``))
      .map(name => `README.md does not explain ${name}`)
  }

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/**
 * npm ci refuses a lock file that lacks another platform's optional packages, which is what an install behind
 * a partial registry writes.
 */
export const lock_serves_every_platform: Rule = tree => {
  const text = tree.get('package-lock.json')
  if (text === undefined) return []
  const { packages } = JSON.parse(text) as { packages: Record<string, LockedPackage> }
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter(name => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`])
      .map(name => `package-lock.json lacks ${name}, optional for ${path}`),
  )
}

const LOCK = 'operators/names.lock'

interface Named {
  readonly where: string
  readonly name: string | null
  readonly version: number | null
}
const property = (object: Node, name: string): Node | undefined =>
  (object.properties as Node[]).find(
    ({ key, type }) => type === 'Property' && ((key as Node).name === name || (key as Node).value === name),
  )?.value as Node | undefined

const literal_of = <T extends 'string' | 'number'>(node: Node | undefined, type: T) =>
  node?.type === 'Literal' && typeof node.value === type ? node.value : null

/**
 * Objects that are operators: literal name and version together, or whatever is written straight into
 * keyed().
 */
const operators_in = (path: string, text: string): Named[] => {
  const found: Named[] = []
  visit(parse(path, text), (node, parent, field) => {
    if (node.type !== 'ObjectExpression') return
    const name = literal_of(property(node, 'name'), 'string') as string | null
    const version = literal_of(property(node, 'version'), 'number') as number | null
    const in_keyed =
      parent?.type === 'CallExpression' && field === 'arguments' && (parent.callee as Node).name === 'keyed'
    const in_core = path.startsWith('operators/core/')
    if ((name !== null && version !== null) || (in_keyed && !in_core))
      found.push({ where: `${path}:${line_of(text, node.start)}`, name, version })
  })
  return found
}

/** Lines `name version` or `name version removed`; `#` begins a comment. */
const read_lock = (text: string): Map<string, boolean> => {
  const entries = new Map<string, boolean>()
  for (const line of text.split('\n')) {
    const [name, version, mark] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (name) entries.set(`${name} ${version}`, mark === 'removed')
  }
  return entries
}

/** State outlives code: a name that comes back with another meaning would read what the first one stored. */
export const operators_keep_their_names: Rule = (tree: Tree) => {
  const lock = read_lock(tree.get(LOCK) ?? '')
  const seen = new Map<string, string>()
  const in_tree = new Map<string, string>()
  const found: string[] = []
  for (const [path, text] of sources(tree, 'operators', 'pipelines'))
    for (const { where, name, version } of operators_in(path, text)) {
      if (name === null || version === null) {
        found.push(`${where} an operator's name and version are literals`)
        continue
      }
      const entry = `${name} ${version}`
      if (seen.has(name)) found.push(`${where} ${name} is the name of ${seen.get(name)} too`)
      seen.set(name, where)
      in_tree.set(name, String(version))
      if (!lock.has(entry)) found.push(`${where} "${entry}" is not in ${LOCK}`)
      else if (lock.get(entry))
        found.push(`${where} "${entry}" was removed before: take another name or version`)
    }
  for (const [entry, removed] of lock) {
    const [name = '', version = ''] = entry.split(' ')
    if (!removed && in_tree.get(name) !== version)
      found.push(`${LOCK}: "${entry}" is gone from the tree and not marked removed`)
  }
  return found
}
