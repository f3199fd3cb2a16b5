/**
 * Writes attribution_effects: what each channel, campaign and content is worth by the models that look at all paths at once, from
 * the paths of the last 30 days before the moment. markov of order 1 always; markov of order 2 and shapley_rate where a dimension has
 * at most 12 places: with more, pairs and sets of places are walked too seldom to say anything.
 */
import { createHash } from 'node:crypto'
import { days } from '../schemas/units.ts'
import { credit_by, type Model } from './attribution/models.ts'
import { type CountedPath, collect_paths, type PathSet } from './attribution/paths.ts'
import type { Job, JobOutput, JobRow } from './job.ts'

/** Places of a dimension; beyond, the least walked are one place. */
const MOST_PLACES = 200
const POOLED = 'other'
const FEW_PLACES = 12

interface Chosen {
  readonly model: Extract<Model, 'markov' | 'shapley_rate'>
  readonly order: number
}
const ALWAYS: readonly Chosen[] = [{ model: 'markov', order: 1 }]
const WITH_FEW: readonly Chosen[] = [
  { model: 'markov', order: 2 },
  { model: 'shapley_rate', order: 0 },
]

const run: Job['run'] = ({ paths = [] }, as_of) => {
  const groups = new Map<string, { tenant_id: string; dimension: string; paths: CountedPath[] }>()
  for (const row of paths) {
    const { tenant_id, dimension } = row as { tenant_id: string; dimension: string }
    const key = `${dimension}|${tenant_id}`
    const group = groups.get(key) ?? { tenant_id, dimension, paths: [] }
    group.paths.push(counted(row))
    groups.set(key, group)
  }
  return [...groups.keys()].sort().flatMap(key => {
    const group = groups.get(key)!
    return effects(collect_paths(pool_places(group.paths)), group, as_of)
  })
}

const counted = ({ places, conversions, nulls }: JobRow): CountedPath => ({
  places: places as string[],
  conversions: Number(conversions),
  value: 0,
  nulls: Number(nulls),
})

/** The places that fewest journeys touched become one; of equally many the later in the alphabet. */
const pool_places = (paths: readonly CountedPath[]): readonly CountedPath[] => {
  const journeys = new Map<string, number>()
  for (const { places, conversions, nulls } of paths)
    for (const place of new Set(places)) journeys.set(place, (journeys.get(place) ?? 0) + conversions + nulls)
  if (journeys.size <= MOST_PLACES) return paths
  const ranked = [...journeys].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  const kept = new Set(ranked.slice(0, MOST_PLACES - 1).map(([place]) => place))
  return paths.map(path => ({
    ...path,
    places: path.places.map(place => (kept.has(place) ? place : POOLED)),
  }))
}

/** None where no path converts: there is no credit to have a share of. */
const effects = (
  set: PathSet,
  { tenant_id, dimension }: { tenant_id: string; dimension: string },
  as_of: number,
): JobOutput[] => {
  if (set.conversions === 0) return []
  const chosen = set.places.length <= FEW_PLACES ? [...ALWAYS, ...WITH_FEW] : ALWAYS
  return chosen.flatMap(({ model, order }) => {
    const credit = credit_by(set, model, order)
    return set.places.map((place, i) => ({
      topic: 'attribution_effects',
      row: {
        event_id: [model, order, dimension, name_of(place), as_of].join('|'),
        tenant_id,
        occurred_at: as_of,
        model,
        markov_order: order,
        dimension,
        place,
        effect: credit.effects?.[i] ?? 0,
        share: credit.conversions[i]! / set.conversions,
        paths: set.conversions + set.nulls,
        conversions: credit.conversions[i]!,
      },
    }))
  })
}

const attribution_effects: Job = {
  name: 'attribution-effects',
  every_ms: days(1),
  reads: {
    paths: `SELECT tenant_id, dimension, places, conversions, nulls
      FROM attribution_path(as_of = {as_of:DateTime64(3, 'UTC')}, lookback_days = 30)`,
  },
  writes: ['attribution_effects'],
  run,
}
export default attribution_effects

/** Ids are short and of printable characters, names of campaigns need not be. */
const NAME_MAX = 100
const name_of = (place: string): string =>
  place.length <= NAME_MAX && /^[\x20-\x7e]*$/.test(place)
    ? place
    : `#${createHash('sha256').update(place).digest('hex').slice(0, 32)}`
