/** One text cell as the JSON value it stands for, by the kind of its field. */
import { FieldError } from './refused.ts'
import type { Node } from './schema.ts'

const INTEGER = /^[+-]?\d+$/
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i

/** The value of a cell that is not empty. Throws FieldError where the text is not of that kind. */
export const cell_value = (node: Node, cell: string, path: string): unknown => {
  switch (node.kind) {
    case 'int':
    case 'long':
      if (INTEGER.test(cell)) return Number(cell)
      if (node.timestamp) return cell
      throw new FieldError(path, `must be an integer: ${shown(cell)}`)
    case 'float':
    case 'double':
      if (DECIMAL.test(cell)) return Number(cell)
      throw new FieldError(path, `must be a number: ${shown(cell)}`)
    case 'boolean': {
      const word = cell.toLowerCase()
      if (word === 'true' || word === 'false') return word === 'true'
      throw new FieldError(path, `must be true or false: ${shown(cell)}`)
    }
    case 'record':
    case 'array':
    case 'map':
      try {
        return JSON.parse(cell)
      } catch {
        throw new FieldError(path, `must be JSON: ${shown(cell)}`)
      }
    default:
      return cell
  }
}

const shown = (cell: string): string => JSON.stringify(cell.slice(0, 40))
