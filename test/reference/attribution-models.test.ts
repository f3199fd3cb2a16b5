/**
 * Every case of the attribution reference that needs no times, by the models and by the command, and the invariants of every model.
 * The rules on events, and time decay, are in attribution.test.ts.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { markov_model } from '../../jobs/attribution/markov.ts'
import { credit_by, MODELS, type Model } from '../../jobs/attribution/models.ts'
import {
  type CountedPath,
  collect_paths,
  deal,
  type PathSet,
  shares_of,
} from '../../jobs/attribution/paths.ts'
import { shapley_rate, shapley_values } from '../../jobs/attribution/shapley.ts'
import { any_paths } from '../jobs/attribution/simulated-paths.ts'
import { REFERENCE_DATA } from './cdnow-payments.ts'

const FOLDER = join(REFERENCE_DATA, 'attribution')
const ROOT = join(import.meta.dirname, '../..')
const present = existsSync(FOLDER)
if (!present && process.env.CI) throw new Error(`no reference data at ${REFERENCE_DATA}`)
if (!present) console.log(`skipped: no reference data at ${REFERENCE_DATA} (set REFERENCE_DATA)`)

type ByChannel = Readonly<Record<string, number>>
type Limit = number | Readonly<Record<string, number>>
interface Case {
  readonly id: string
  readonly input: Readonly<Record<string, unknown>>
  readonly expected: Readonly<Record<string, unknown>>
  readonly tolerance: { readonly abs?: Limit; readonly rel?: Limit }
}

const HELD_HERE = [
  'first5000.heuristics',
  'first5000.markov1',
  'first5000.shapley_sum',
  'first5000.markov1.library',
  'all.heuristics',
  'all.markov1',
  'all.shapley_sum',
  'all.markov1.library',
  'all.shapley_rate.five',
  'worked.markov',
  'worked.shapley.glove',
  'worked.shapley.airport',
  'worked.shapley.table',
  'rules.invariants',
]
const HELD_ON_EVENTS = ['time_decay']
const RULE_NAMES = {
  first: 'first_touch',
  last: 'last_touch',
  linear: 'linear',
  position_40_20_40: 'position_based',
  last_non_direct: 'last_non_direct',
} as const

/** One number of a case within the case's tolerance; `field` names the tolerance where there are several. */
const near = (
  { tolerance, id }: Case,
  field: string,
  got: number | undefined,
  wanted: number,
  what = '',
): void => {
  const limit = (kind: 'abs' | 'rel') => {
    const limits = tolerance[kind]
    return typeof limits === 'object' ? (limits[field] ?? 0) : (limits ?? 0)
  }
  const off = Math.abs((got ?? Number.NaN) - wanted)
  // The reference is written with ten digits.
  const written = 5e-10 * Math.abs(wanted)
  const within = off <= Math.max(limit('abs'), limit('rel') * Math.abs(wanted), written)
  expect(within, `${id} ${field} ${what}: ${got}, not ${wanted}`).toBe(true)
}

const all_near = (one: Case, field: string, got: ByChannel, wanted: ByChannel): void => {
  expect(Object.keys(got).sort(), one.id).toEqual(Object.keys(wanted).sort())
  for (const [channel, number] of Object.entries(wanted)) near(one, field, got[channel], number, channel)
}

const by_channel = ({ places }: PathSet, numbers: readonly number[]): ByChannel =>
  Object.fromEntries(places.map((place, i) => [place, numbers[i]!]))

describe.runIf(present)('attribution models', () => {
  let cases: Map<string, Case>
  let rows: CountedPath[]
  const find = (id: string): Case => cases.get(id) as Case
  const numbers_of = (one: Case, field: string) => one.expected[field] as ByChannel
  const paths_of = (one: Case): PathSet => {
    const [from, until] = (one.input.rows as [number, number] | undefined) ?? [0, rows.length]
    return collect_paths(rows.slice(from, until))
  }
  beforeAll(() => {
    const file = JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8')) as { cases: Case[] }
    cases = new Map(file.cases.map(one => [one.id, one]))
    const lines = readFileSync(join(FOLDER, 'paths.csv'), 'utf8').trim().split(/\r?\n/).slice(1)
    rows = lines.map(line => {
      const [path = '', conversions, value, nulls] = line.split(';')
      return {
        places: path.split(' > '),
        conversions: Number(conversions),
        value: Number(value),
        nulls: Number(nulls),
      }
    })
  })

  test('no case is left out', () => {
    expect([...cases.keys()].sort()).toEqual([...HELD_HERE, ...HELD_ON_EVENTS].sort())
  })

  test.each(['first5000.heuristics', 'all.heuristics'])('%s', id => {
    const one = find(id)
    const set = paths_of(one)
    for (const [known, model] of Object.entries(RULE_NAMES)) {
      const wanted = one.expected[known] as Record<string, [number, number]>
      const { conversions, value } = credit_by(set, model, 1)
      const column = (i: 0 | 1) =>
        Object.fromEntries(Object.entries(wanted).map(([channel, pair]) => [channel, pair[i]]))
      all_near(one, model, by_channel(set, conversions), column(0))
      all_near(one, model, by_channel(set, value), column(1))
    }
  })

  test.each(['first5000.markov1', 'all.markov1'])('%s', id => {
    const one = find(id)
    const set = paths_of(one)
    const credit = credit_by(set, 'markov', 1)
    const { conversion_probability } = markov_model(set, 1)
    near(one, 'conversion_probability', conversion_probability, one.expected.conversion_probability as number)
    all_near(one, 'removal_effect', by_channel(set, credit.effects ?? []), numbers_of(one, 'removal_effect'))
    all_near(one, 'conversions', by_channel(set, credit.conversions), numbers_of(one, 'conversions'))
    all_near(one, 'value', by_channel(set, credit.value), numbers_of(one, 'value'))
  })

  // Somebody else's simulation of what is solved here. Of the channels named, its conversions are further from the exact
  // ones that the same file gives than its own tolerance of 2 %: no answer can be near both, and ours is the exact one.
  test.each([
    ['first5000.markov1.library', ['delta', 'mi', 'zeta']],
    ['all.markov1.library', ['delta']],
  ])('%s', (id, drawn_too_seldom) => {
    const one = find(id)
    const set = paths_of(one)
    const credit = credit_by(set, 'markov', 1)
    const effects = by_channel(set, credit.effects ?? [])
    all_near(one, 'removal_effect', effects, numbers_of(one, 'removal_effect'))
    const off = Object.entries(numbers_of(one, 'removal_effect')).map(([c, effect]) =>
      Math.abs(effect - effects[c]!),
    )
    const told = one.expected.max_abs_difference_to_exact_removal_effect as number
    expect(Math.max(...off)).toBeCloseTo(told, 8)
    const conversions = by_channel(set, credit.conversions)
    const exact = numbers_of(find(id.replace('.library', '')), 'conversions')
    for (const [channel, wanted] of Object.entries(numbers_of(one, 'conversions')))
      if (drawn_too_seldom.includes(channel))
        near(one, 'exact', conversions[channel], exact[channel]!, channel)
      else near(one, 'conversions', conversions[channel], wanted, channel)
  })

  test.each(['first5000.shapley_sum', 'all.shapley_sum'])('%s', id => {
    const one = find(id)
    const set = paths_of(one)
    const { conversions, value } = credit_by(set, 'shapley', 1)
    all_near(one, 'conversions', by_channel(set, conversions), numbers_of(one, 'conversions'))
    all_near(one, 'value', by_channel(set, value), numbers_of(one, 'value'))
  })

  test('all.shapley_rate.five', () => {
    const one = find('all.shapley_rate.five')
    const channels = one.input.channels as string[]
    const set = collect_paths(rows.filter(({ places }) => places.every(place => channels.includes(place))))
    all_near(one, 'value', by_channel(set, shapley_rate(set)), one.expected as ByChannel)
  })

  test('worked.markov', () => {
    const one = find('worked.markov')
    const paths = one.input.paths as [string, number, number][]
    const set = collect_paths(
      paths.map(([path, conversions, nulls]) => ({
        places: path.split(' > '),
        conversions,
        value: 0,
        nulls,
      })),
    )
    const { conversion_probability, removal_effects } = markov_model(set, 1)
    near(one, 'conversion_probability', conversion_probability, one.expected.conversion_probability as number)
    all_near(one, 'removal_effect', by_channel(set, removal_effects), numbers_of(one, 'removal_effect'))
    const { conversions } = deal(set, shares_of(removal_effects))
    all_near(one, 'conversions', by_channel(set, conversions), numbers_of(one, 'conversions'))
  })

  const game = (one: Case, players: string[], worth: (coalition: readonly string[]) => number) => {
    const { values } = shapley_values(players, worth)
    const got = Object.fromEntries(players.map((player, i) => [player, values[i]!]))
    all_near(one, 'value', got, one.expected as ByChannel)
  }
  test('worked.shapley: glove, airport and the table of worths', () => {
    const glove = find('worked.shapley.glove')
    game(glove, glove.input.players as string[], coalition =>
      Number(coalition.includes('l') && coalition.some(player => player !== 'l')),
    )
    const airport = find('worked.shapley.airport')
    const costs = airport.input.costs as ByChannel
    game(airport, Object.keys(costs), coalition => Math.max(0, ...coalition.map(player => costs[player]!)))
    const table = find('worked.shapley.table')
    const worth = table.input.worth as ByChannel
    game(table, ['S', 'D', 'E'], coalition => worth[coalition.join('')]!)
  })

  test('the command prints the same for paths.csv, in two seconds, twice the same text', () => {
    const print = () =>
      execFileSync(process.execPath, [join(ROOT, 'commands/attribute.ts'), join(FOLDER, 'paths.csv')], {
        encoding: 'utf8',
      })
    const text = print()
    const took_ms = [1, 2, 3].map(() => {
      const began = performance.now()
      expect(print()).toBe(text)
      return performance.now() - began
    })
    expect(Math.min(...took_ms)).toBeLessThan(2000)
    const [head, ...lines] = text
      .trim()
      .split('\n')
      .map(line => line.split(','))
    expect(head).toEqual(['model', 'channel', 'conversions', 'value', 'removal_effect'])
    const printed = (model: string, column: number): ByChannel =>
      Object.fromEntries(
        lines.filter(line => line[0] === model).map(line => [line[1]!, Number(line[column])]),
      )
    const heuristics = find('all.heuristics')
    for (const [known, model] of Object.entries(RULE_NAMES))
      for (const [channel, [conversions, value]] of Object.entries(
        heuristics.expected[known] as Record<string, [number, number]>,
      )) {
        near(heuristics, model, printed(model, 2)[channel], conversions, channel)
        near(heuristics, model, printed(model, 3)[channel], value, channel)
      }
    const markov = find('all.markov1')
    all_near(markov, 'conversions', printed('markov', 2), numbers_of(markov, 'conversions'))
    all_near(markov, 'value', printed('markov', 3), numbers_of(markov, 'value'))
    all_near(markov, 'removal_effect', printed('markov', 4), numbers_of(markov, 'removal_effect'))
    const shapley = find('all.shapley_sum')
    all_near(shapley, 'conversions', printed('shapley', 2), numbers_of(shapley, 'conversions'))
    all_near(shapley, 'value', printed('shapley', 3), numbers_of(shapley, 'value'))
    expect(lines.filter(line => line[0] !== 'markov' && line[4] !== '')).toEqual([])
  })
})

describe('rules.invariants', () => {
  const totals = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0)
  const close = (got: number, wanted: number, what: string) =>
    expect(Math.abs(got - wanted), `${what}: ${got}, not ${wanted}`).toBeLessThanOrEqual(
      1e-6 * Math.abs(wanted) + 1e-9,
    )
  const models = MODELS.flatMap((model): [Model, number][] =>
    model === 'markov' ? [1, 2, 3].map(order => [model, order]) : [[model, 1]],
  )

  test.each(models)(
    '%s, order %i: credits sum, none is negative, doubled counts double them',
    (model, order) => {
      fc.assert(
        fc.property(any_paths, paths => {
          const set = collect_paths(paths)
          const { conversions, value } = credit_by(set, model, order)
          // Where nobody converts, shares by effect have nothing to stand on.
          if (set.conversions > 0 || !BY_EFFECT.has(model)) {
            close(totals(conversions), set.conversions, 'conversions')
            close(totals(value), set.value, 'value')
          }
          for (const number of [...conversions, ...value]) expect(number).toBeGreaterThanOrEqual(0)
          const doubled = collect_paths(
            paths.map(path => ({
              ...path,
              conversions: 2 * path.conversions,
              value: 2 * path.value,
              nulls: 2 * path.nulls,
            })),
          )
          const twice = credit_by(doubled, model, order)
          for (const [i, number] of conversions.entries()) close(twice.conversions[i]!, 2 * number, 'doubled')
          for (const [i, number] of value.entries()) close(twice.value[i]!, 2 * number, 'doubled value')
        }),
      )
    },
  )

  test.each(models)(
    '%s, order %i: order of rows and runs change no bit; who is on no walked path gets nothing',
    (model, order) => {
      const shuffled = any_paths.chain(paths =>
        fc.tuple(fc.constant(paths), fc.shuffledSubarray(paths, { minLength: paths.length })),
      )
      fc.assert(
        fc.property(shuffled, ([paths, others]) => {
          const set = collect_paths(paths)
          const credit = credit_by(set, model, order)
          expect(credit_by(collect_paths(others), model, order)).toEqual(credit)
          const idle = { places: ['idle', 'email'], conversions: 0, value: 0, nulls: 0 }
          const beside = collect_paths([...paths, idle])
          const got = credit_by(beside, model, order)
          const at = beside.places.indexOf('idle')
          expect([got.conversions[at], got.value[at]]).toEqual([0, 0])
        }),
      )
    },
  )
})

const BY_EFFECT: ReadonlySet<Model> = new Set(['markov'])
