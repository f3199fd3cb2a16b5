/** The labelled series of the reference data: those of the benchmark by category, and the simulated revenue. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Labelled, Window } from './nab-score.ts'

const DATA = process.env.REFERENCE_DATA ?? join(import.meta.dirname, '../../../shared/data')
const NAB = join(DATA, 'nab')
const SIMULATED = join(DATA, 'anomaly_sim')
export const nab_present = existsSync(NAB)
export const simulated_present = existsSync(SIMULATED)

export interface LabelledSeries extends Labelled {
  /** category/file. */
  readonly name: string
  readonly category: string
  readonly at_ms: readonly number[]
  readonly values: readonly number[]
  readonly kinds: readonly string[]
}

const lines_of = (file: string): string[][] =>
  readFileSync(file, 'utf8')
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map(line => line.split(','))

const instant = (text: string): number => Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`)

export const nab_series = (): LabelledSeries[] => {
  const labels = JSON.parse(readFileSync(join(NAB, 'labels/windows.json'), 'utf8')) as Record<
    string,
    [string, string][]
  >
  return Object.entries(labels).map(([name, spans]) => {
    const rows = lines_of(join(NAB, 'data', name))
    const at_ms = rows.map(([at]) => instant(at as string))
    const windows = spans.map(
      ([first, last]): Window => [at_ms.indexOf(instant(first)), at_ms.indexOf(instant(last))],
    )
    const values = rows.map(([, value]) => Number(value))
    const category = name.split('/')[0] as string
    return { name, category, at_ms, values, rows: rows.length, windows, kinds: [] }
  })
}

/** Hours are counted from a Monday at midnight. */
export const simulated_series = (): LabelledSeries[] => {
  const labels = JSON.parse(readFileSync(join(SIMULATED, 'windows.json'), 'utf8')) as Record<
    string,
    [number, number, string][]
  >
  return readdirSync(SIMULATED)
    .filter(file => file.endsWith('.csv'))
    .sort()
    .map(name => {
      const rows = lines_of(join(SIMULATED, name))
      const spans = labels[name] ?? []
      return {
        name,
        category: 'simulated',
        at_ms: rows.map(([hour]) => Date.UTC(2024, 0, 1) + Number(hour) * 3_600_000),
        values: rows.map(([, value]) => Number(value)),
        rows: rows.length,
        windows: spans.map(([first, last]): Window => [first, last]),
        kinds: spans.map(([, , kind]) => kind),
      }
    })
}

/** Of either set's expected.json. */
export interface Case {
  readonly id: string
  readonly input: Readonly<Record<string, unknown>>
  readonly expected: Readonly<Record<string, unknown>>
}
export const cases_of = (set: 'nab' | 'anomaly_sim'): readonly Case[] =>
  (JSON.parse(readFileSync(join(DATA, set, 'expected.json'), 'utf8')) as { cases: Case[] }).cases
