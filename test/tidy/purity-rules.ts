/**
 * What operators and pipelines may not touch, so that the same records in the same order give the same
 * bytes.
 */
import { imports_of, line_of, type Node, parse, type Rule, sources, visit } from './tree.ts'

const FOLDERS = ['operators', 'pipelines'] as const

/** Name → what to use in its place. */
const BANNED: Readonly<Record<string, string>> = {
  Date: 'turn.at_ms and the functions of schemas/units.ts',
  setTimeout: 'turn.timer',
  setInterval: 'turn.timer',
  setImmediate: 'turn.timer',
  queueMicrotask: 'a plain call',
  performance: 'turn.stream_time_ms',
  process: 'an argument of the factory',
  globalThis: 'an argument of the factory',
  Promise: 'a synchronous function',
  fetch: 'a topic or the catalog',
  crypto: 'an id made of the cause',
  console: 'turn.late, turn.reject or an output',
}
const RXJS_VALUES = new Set(['map', 'filter', 'merge', 'partition', 'mergeMap'])
const RXJS_TYPES = new Set(['Observable', 'OperatorFunction', 'Subject'])

/** True where an identifier is only a label: a property after a dot, the key of an object, class or type. */
const is_label = (parent: Node | null, field: string): boolean =>
  parent !== null &&
  parent.computed !== true &&
  (field === 'property' || (field === 'key' && parent.shorthand !== true) || field === 'label')

const breach_of = (node: Node, parent: Node | null, field: string): string | null => {
  if (node.type === 'AwaitExpression') return 'await: use a synchronous function'
  if (node.async === true) return 'async: use a synchronous function'
  if (node.type === 'ForOfStatement' && node.await === true) return 'for await: use a synchronous loop'
  if (node.type === 'MemberExpression') {
    const [object, property] = [node.object as Node, node.property as Node]
    if (object.name === 'Math' && (property.name === 'random' || property.value === 'random'))
      return 'Math.random: use a hash of the cause'
  }
  if (node.type !== 'Identifier' || is_label(parent, field)) return null
  const name = String(node.name)
  return Object.hasOwn(BANNED, name) ? `${name}: use ${BANNED[name]}` : null
}

export const operators_are_pure: Rule = tree =>
  sources(tree, ...FOLDERS).flatMap(([path, text]) => {
    const found: string[] = []
    visit(parse(path, text), (node, parent, field) => {
      const breach = breach_of(node, parent, field)
      if (breach) found.push(`${path}:${line_of(text, node.start)} ${breach}`)
    })
    return found
  })

export const rxjs_keeps_no_state: Rule = tree =>
  sources(tree, ...FOLDERS).flatMap(([path, text]) =>
    imports_of(path, text)
      .filter(({ from }) => from === 'rxjs' || from.startsWith('rxjs/'))
      .flatMap(({ from, names }) =>
        names
          .filter(
            ({ name, type_only }) =>
              from !== 'rxjs' || !(RXJS_VALUES.has(name) || (type_only && RXJS_TYPES.has(name))),
          )
          .map(
            ({ name }) =>
              `${path} takes ${name} from ${from}: state belongs in keyed(), types in import type`,
          ),
      ),
  )
