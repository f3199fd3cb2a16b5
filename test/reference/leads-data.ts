/** Real leads with their outcomes (leads/ of the reference data: README there), as rows of numbers. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Reference } from './near.ts'

const REFERENCE_DATA = process.env.REFERENCE_DATA ?? join(import.meta.dirname, '../../../shared/data')
export const present = existsSync(join(REFERENCE_DATA, 'leads'))
if (!present && process.env.CI) throw new Error(`no reference data at ${REFERENCE_DATA}`)
if (!present) console.log(`skipped: no reference data at ${REFERENCE_DATA} (set REFERENCE_DATA)`)

export const answer_of = (id: string): Reference => {
  const { cases } = JSON.parse(readFileSync(join(REFERENCE_DATA, 'leads/expected.json'), 'utf8')) as {
    cases: readonly Reference[]
  }
  return cases.find(each => each.id === id)!
}

export type Cells = Readonly<Record<string, string>>
export interface Contact {
  readonly id: string
  readonly cells: Cells
  readonly outcome: number
  /** FNV-1a of its id: what divides and orders the cases. */
  readonly hash: number
}

export const fnv1a = (text: string): number => {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}

export const contacts = (): Contact[] => {
  const [head = '', ...lines] = readFileSync(join(REFERENCE_DATA, 'leads/bank_additional.csv'), 'utf8')
    .replaceAll('"', '')
    .trim()
    .split(/\r?\n/)
  const names = head.split(',')
  return lines.map((line, i) => {
    const cells = Object.fromEntries(line.split(',').map((cell, j) => [names[j]!, cell]))
    const id = `row:${i + 1}`
    return { id, cells, outcome: cells.y === 'yes' ? 1 : 0, hash: fnv1a(id) }
  })
}
export const trains = ({ hash }: Contact): boolean => hash % 10 < 7

export const NUMBERS = [
  'age',
  'campaign',
  'previous',
  'emp.var.rate',
  'cons.price.idx',
  'cons.conf.idx',
  'euribor3m',
  'nr.employed',
] as const

/** A column: `name=level` is 1 where the cell says so. */
export const value_of = (cells: Cells, column: string): number => {
  if (column === 'contacted_before') return cells.pdays === '999' ? 0 : 1
  const [name = '', level] = column.split('=')
  return level === undefined ? Number(cells[name]) : Number(cells[name] === level)
}

/** Mean and population standard deviation. */
export const moments = (values: readonly number[]): readonly [mean: number, deviation: number] => {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length
  return [mean, Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length)]
}

const CATEGORIES = ['contact', 'month', 'poutcome'] as const
const STEPPED = ['age', 'campaign', 'euribor3m', 'nr.employed', 'cons.conf.idx'] as const
const DECILES = [1, 2, 3, 4, 5, 6, 7, 8, 9]

/**
 * The columns that cross-validation on the training cases kept: all numbers, the three categories that say most, and steps at the
 * deciles of five numbers, so that effects need not be straight. Learned from the given cases only.
 */
export const stepped_columns = (train: readonly Contact[]): ((contact: Contact) => number[]) => {
  const numbers = NUMBERS.map(
    name => [name, ...moments(train.map(({ cells }) => Number(cells[name])))] as const,
  )
  const levels = CATEGORIES.flatMap(name =>
    [...new Set(train.map(({ cells }) => `${name}=${cells[name]}`))].sort(),
  )
  const steps = STEPPED.flatMap(name => {
    const sorted = train.map(({ cells }) => Number(cells[name])).sort((a, b) => a - b)
    const cuts = new Set(DECILES.map(tenth => sorted[Math.floor((tenth * sorted.length) / 10)]!))
    return [...cuts].filter(cut => cut > sorted[0]!).map(cut => [name, cut] as const)
  })
  return ({ cells }) => [
    ...numbers.map(([name, mean, deviation]) => (Number(cells[name]) - mean) / deviation),
    ...[...levels, 'contacted_before'].map(column => value_of(cells, column)),
    ...steps.map(([name, cut]) => (Number(cells[name]) >= cut ? 1 : 0)),
  ]
}
