/**
 * Paths with counts, as the models that need no times take them. Kept in one order whatever the order they came in, so that sums
 * of fractions are equal to the bit from run to run.
 */

export interface CountedPath {
  /** Channels (or campaigns, or contents) in the order they were touched, at least one. */
  readonly places: readonly string[]
  readonly conversions: number
  /** Of all its conversions together, in any unit. */
  readonly value: number
  /** Journeys that went this way and did not convert. */
  readonly nulls: number
}

/** A path of numbers: `steps` index `PathSet.places`. */
export interface StepPath {
  readonly steps: readonly number[]
  readonly conversions: number
  readonly value: number
  readonly nulls: number
}

export interface PathSet {
  /** Sorted by code unit. */
  readonly places: readonly string[]
  /** Different from each other. */
  readonly paths: readonly StepPath[]
  readonly conversions: number
  readonly value: number
  readonly nulls: number
}

/** What a model gives each place, by its index in `PathSet.places`. */
export interface Credit {
  readonly conversions: readonly number[]
  readonly value: readonly number[]
}

/** Sorts, and adds up equal paths. Throws RangeError on a path without a place or a count that is negative or not finite. */
export const collect_paths = (paths: readonly CountedPath[]): PathSet => {
  for (const path of paths) check(path)
  const places = [...new Set(paths.flatMap(path => path.places))].sort()
  const index = new Map(places.map((place, i) => [place, i]))
  const keyed = paths.map(path => {
    const steps = path.places.map(place => index.get(place)!)
    return { ...path, steps, key: steps.join(' ') }
  })
  keyed.sort(
    (a, b) =>
      (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) ||
      a.value - b.value ||
      a.conversions - b.conversions ||
      a.nulls - b.nulls,
  )
  const distinct: { key: string; steps: number[]; conversions: number; value: number; nulls: number }[] = []
  for (const { key, steps, conversions, value, nulls } of keyed) {
    const last = distinct.at(-1)
    if (last?.key !== key) {
      distinct.push({ key, steps, conversions, value, nulls })
      continue
    }
    last.conversions += conversions
    last.value += value
    last.nulls += nulls
  }
  const total = (field: 'conversions' | 'value' | 'nulls') =>
    distinct.reduce((sum, path) => sum + path[field], 0)
  return {
    places,
    paths: distinct,
    conversions: total('conversions'),
    value: total('value'),
    nulls: total('nulls'),
  }
}

const check = ({ places, conversions, value, nulls }: CountedPath): void => {
  if (places.length === 0) throw new RangeError('a path without a place')
  for (const count of [conversions, nulls])
    if (!(count >= 0 && count < Infinity)) throw new RangeError(`${count} is not a count of journeys`)
  if (!Number.isFinite(value)) throw new RangeError(`${value} is not a value`)
}

/** Whole credit dealt out by shares; nothing where no place has one. */
export const deal = ({ conversions, value }: PathSet, shares: readonly number[]): Credit => ({
  conversions: shares.map(share => share * conversions),
  value: shares.map(share => share * value),
})

/** Parts of their sum; all zero where there is nothing to share. Negative ones count as zero. */
export const shares_of = (effects: readonly number[]): number[] => {
  const whole = effects.reduce((sum, effect) => sum + Math.max(0, effect), 0)
  return effects.map(effect => (whole > 0 ? Math.max(0, effect) / whole : 0))
}
