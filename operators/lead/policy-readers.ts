/**
 * Decides: whether one entry of a lead policy's table makes sense, and what it says.
 * Because: points are whole hundredths (they must add up exactly), better signals never earn less (bills, tiers, knots
 *   rise), and nobody's typing error is a new kind of signal.
 * Keeps: nothing. When late, twice, missing: what is not given is the base's.
 * Limits: looks at one entry at a time; what they are worth together is read-policy's to judge.
 */

import { days } from '../../schemas/units.ts'
import { type LeadPolicy, lead_fields, type Worth } from './lead-policy.ts'
import { factors, number_signals, table_signals, type Weights } from './weigh-factors.ts'

type Given = Readonly<Record<string, unknown>>
/** @throws RangeError that names the entry and what it must be. */
export type Reader = (given: unknown, name: string, base: LeadPolicy) => unknown

const MOST_KNOTS = 1000
const MOST_ENTRIES = 100

export const refuse = (problem: string): never => {
  throw new RangeError(problem)
}

export const object_of = (given: unknown, name: string, keys?: readonly string[]): Given => {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return refuse(`${name} must be an object`)
  const strange = Object.keys(given).find(key => keys && !keys.includes(key))
  return strange === undefined ? (given as Given) : refuse(`${name}.${strange} is no part of a lead policy`)
}

const list_of = (given: unknown, name: string, most: number): readonly unknown[] =>
  Array.isArray(given) && given.length > 0 && given.length <= most
    ? given
    : refuse(`${name} must be a list of 1 to ${most}`)

const number_of = (least: number, most: number, whole = false) => {
  const meant = `must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}`
  return (given: unknown, name: string): number =>
    typeof given === 'number' && given >= least && given <= most && (!whole || Number.isInteger(given))
      ? given
      : refuse(`${name} ${meant}`)
}
const points = number_of(0, 10_000, true)
const time_ms = number_of(0, days(1), true)
const ratio = number_of(0, 1)

/** Points of the base, with those that are given. */
const points_of = (given: unknown, name: string, base: Worth): Worth => {
  const entries = Object.entries(object_of(given, name))
  return {
    ...base,
    ...Object.fromEntries(entries.map(([key, value]) => [key, points(value, `${name}.${key}`)])),
  }
}

const worth: Reader = (given, name, base) => {
  const table = base[name.slice('table.'.length) as 'property_type']
  const merged = points_of(given, name, table)
  return Object.keys(merged).length <= MOST_ENTRIES
    ? merged
    : refuse(`${name} has more than ${MOST_ENTRIES} words`)
}

const bill: Reader = (given, name) => {
  const steps = list_of(given, name, MOST_ENTRIES).map((step, i) => {
    const { from_major, points: worth_of } = object_of(step, `${name}[${i}]`, ['from_major', 'points'])
    return {
      from_major: number_of(0, 1e9)(from_major, `${name}[${i}].from_major`),
      points: points(worth_of, `${name}[${i}].points`),
    }
  })
  const falls = steps.every((step, i) => {
    const above = steps[i - 1]
    return !above || (step.from_major < above.from_major && step.points <= above.points)
  })
  return falls ? steps : refuse(`${name} must fall from step to step, in from_major and in points`)
}

const tiers: Reader = (given, name, base) => {
  object_of(given, name, ['premium', 'standard', 'basic'])
  const least = { ...base.tiers, ...points_of(given, name, {}) }
  return least.premium >= least.standard && least.standard >= least.basic
    ? least
    : refuse(`${name} must fall from premium over standard to basic`)
}

const conversion: Reader = (given, name, base) => {
  const { midpoint, spread } = { ...base.conversion, ...object_of(given, name, ['midpoint', 'spread']) }
  return {
    midpoint: number_of(-1000, 1000)(midpoint, `${name}.midpoint`),
    spread: number_of(0.1, 1000)(spread, `${name}.spread`),
  }
}

const ready: Reader = (given, name, base) => {
  const whole = { ...base.ready, ...object_of(given, name, ['fields', 'awaited', 'min_ms', 'max_ms']) }
  const fields = (key: 'fields' | 'awaited') => {
    const list: unknown = whole[key]
    const known = Array.isArray(list) && list.every(field => lead_fields.includes(field))
    return known ? list : refuse(`${name}.${key} must be a list of fields of a lead`)
  }
  const min_ms = time_ms(whole.min_ms, `${name}.min_ms`)
  const max_ms = time_ms(whole.max_ms, `${name}.max_ms`)
  if (min_ms > max_ms) return refuse(`${name}.min_ms must not be above max_ms`)
  return { fields: fields('fields'), awaited: fields('awaited'), min_ms, max_ms }
}

export const weights_of = (given: unknown): Weights => {
  const whole = object_of(given, 'table.weights', factors) as unknown as Weights
  const sum = factors.reduce(
    (total, factor) => total + number_of(0, 100)(whole[factor], `table.weights.${factor}`),
    0,
  )
  return Math.abs(sum - 100) < 1e-6 ? whole : refuse(`table.weights sum to ${sum}, not to 100`)
}

/** Scores rise, probabilities never fall. */
export const knots_of = (given: unknown): LeadPolicy['calibration'] => {
  const knots = list_of(given, 'calibration', MOST_KNOTS).map((knot, i): readonly [number, number] => {
    const [score, probability] = list_of(knot, `calibration[${i}]`, 2)
    return [number_of(0, 100)(score, `calibration[${i}][0]`), ratio(probability, `calibration[${i}][1]`)]
  })
  const rising = knots.every(([score, probability], i) => {
    const before = knots[i - 1]
    return !before || (score > before[0] && probability >= before[1])
  })
  return rising ? knots : refuse('calibration must rise: scores always, probabilities never fall')
}

/** Of a policy's `table`, all but the weights. */
export const readers: Readonly<Record<string, Reader>> = {
  ...Object.fromEntries(number_signals.map(signal => [signal, points])),
  ...Object.fromEntries(table_signals.map(signal => [signal, worth])),
  bill,
  tiers,
  conversion,
  ready,
  premium_from: ratio,
  engagement_full_ms: number_of(1, days(1), true),
  questions_full: number_of(1, 1000, true),
}
