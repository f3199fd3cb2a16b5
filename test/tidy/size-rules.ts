/**
 * Files and functions short enough to be read at once, and a test beside every one that decides something.
 */
import { in_folders, line_of, parse, type Rule, sources, visit } from './tree.ts'

const GENERATED = new Set(['schemas/types.ts', 'schemas/definitions.ts'])
const OPERATOR_LINES = 200
const FILE_LINES = 400
const FUNCTION_LINES = 70

const lines_in = (text: string): number => text.replace(/\n$/, '').split('\n').length

export const files_are_short: Rule = tree =>
  [...tree]
    .filter(([path]) => /\.(ts|sql)$/.test(path) && !GENERATED.has(path))
    .flatMap(([path, text]) => {
      const limit = path.startsWith('operators/') ? OPERATOR_LINES : FILE_LINES
      const lines = lines_in(text)
      return lines > limit ? [`${path} has ${lines} lines, more than ${limit}`] : []
    })

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'])

interface Length {
  readonly first: number
  readonly last: number
  lines: number
}

/**
 * A function's own lines: those of functions inside it are theirs, so that a factory of short functions, or a
 * describe() of short tests, counts as short as it reads. A function within one line stays its outer function's.
 */
const function_lengths = (path: string, text: string): Length[] => {
  const all: Length[] = []
  visit(parse(path, text), node => {
    if (!FUNCTIONS.has(node.type)) return
    const [first, last] = [line_of(text, node.start), line_of(text, node.end)]
    const outer = all.findLast(other => other.first <= first && last <= other.last)
    if (outer) outer.lines -= Math.max(0, last - first - 1)
    all.push({ first, last, lines: last - first + 1 })
  })
  return all
}

export const functions_are_short: Rule = tree =>
  sources(tree)
    .filter(([path]) => !GENERATED.has(path))
    .flatMap(([path, text]) =>
      function_lengths(path, text)
        .filter(({ lines }) => lines > FUNCTION_LINES)
        .map(
          ({ first, lines }) => `${path}:${first} a function of ${lines} lines, more than ${FUNCTION_LINES}`,
        ),
    )

const kebab = (name: string): string => name.replaceAll('_', '-')

/** A table-driven test may serve several checks; it then has to name each. */
const tested_by_name = (tree: Parameters<Rule>[0], name: string): boolean =>
  in_folders(tree, 'test').some(
    ([path, text]) => path.endsWith('.test.ts') && new RegExp(`\\b${name}\\b`).test(text),
  )

export const every_file_has_a_test: Rule = tree => {
  const missing = sources(tree, 'operators', 'pipelines')
    .filter(([path]) => path !== 'pipelines/index.ts')
    .map(([path]) => [path, `test/${path.slice(0, -3)}.test.ts`] as const)
    .filter(([, test]) => !tree.has(test))
    .map(([path, test]) => `${path} has no ${test}`)
  const unnamed = in_folders(tree, 'sql/views', 'sql/checks').flatMap(([path]) => {
    const [, folder = '', file = ''] = path.split('/')
    const name = file.replace(/\.sql$/, '')
    const test = `test/sql/${folder}/${kebab(name)}.test.ts`
    return tree.has(test) || tested_by_name(tree, name)
      ? []
      : [`${path} has no ${test} and no test that names it`]
  })
  return [...missing, ...unnamed]
}
