/**
 * The series of the forecasting competitions as they lie in the reference data, and what is expected of
 * them.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { REFERENCE_DATA } from './cdnow-payments.ts'

const FOLDER = join(REFERENCE_DATA, 'forecast')
export const present = existsSync(FOLDER)
if (!present && process.env.CI) throw new Error(`no reference data at ${REFERENCE_DATA}`)
if (!present) console.log(`skipped: no reference data at ${REFERENCE_DATA} (set REFERENCE_DATA)`)

const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8')

interface Case {
  readonly id: string
  readonly input: Readonly<Record<string, unknown>>
  readonly expected: Readonly<Record<string, unknown>>
}

let cases: ReadonlyMap<string, Case> | null = null
/** The expected values of a case, as the caller knows them to be. */
export const expected = <T>(id: string): T => case_of(id).expected as T
export const input = <T>(id: string): T => case_of(id).input as T
const case_of = (id: string): Case => {
  cases ??= new Map((JSON.parse(read('expected.json')) as { cases: Case[] }).cases.map(one => [one.id, one]))
  return cases.get(id)!
}

/** A value passes when it is near by `rel`. */
export const near = (
  got: ArrayLike<number> | number,
  wanted: readonly number[] | number,
  rel: number,
): void => {
  const [g, w] = [typeof got === 'number' ? [got] : Array.from(got), [wanted].flat() as number[]]
  expect(g.length).toBe(w.length)
  for (const [i, x] of w.entries())
    expect(Math.abs(g[i]! - x), `${g[i]} against ${x}`).toBeLessThanOrEqual(rel * Math.abs(x) + 1e-300)
}

/** Values of a textbook series (columns rownames, time, value) between two times. */
export const textbook = (file: string, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY) =>
  read(file)
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map(line => line.split(',').map(Number) as [number, number, number])
    .filter(([, time]) => time >= from && time < to)
    .map(([, , value]) => value)

export interface Contest {
  readonly name: string
  readonly train: readonly number[]
  readonly test: readonly number[]
}

export const GROUPS = { YEARLY: 1, QUARTERLY: 4, MONTHLY: 12, OTHER: 1 } as const
export type Group = keyof typeof GROUPS

/** The 3003 series of M3 by period. */
export const m3 = (): Record<Group, Contest[]> => {
  const all = JSON.parse(read('m3_data.json')) as Record<
    string,
    { x: number[]; xx: number[]; period: string }
  >
  const groups: Record<Group, Contest[]> = { YEARLY: [], QUARTERLY: [], MONTHLY: [], OTHER: [] }
  for (const [name, { x, xx, period }] of Object.entries(all))
    groups[String(period).toUpperCase() as Group].push({ name, train: x, test: xx })
  return groups
}

/** The 414 hourly series of M4. */
export const m4_hourly = (): Contest[] => {
  const rows = (file: string): number[][] =>
    read(file)
      .trim()
      .split(/\r?\n/)
      .slice(1)
      .map(line =>
        line
          .split(',')
          .slice(1)
          .map(cell => cell.replaceAll('"', ''))
          .filter(cell => cell !== '' && cell !== 'NA')
          .map(Number),
      )
  const tests = rows('m4_hourly_test.csv')
  return rows('m4_hourly_train.csv').map((train, i) => ({ name: `H${i + 1}`, train, test: tests[i]! }))
}
