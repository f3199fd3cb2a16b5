/**
 * The most frequent ids of a stream in bounded space: Space-Saving (Metwally, Agrawal, El Abbadi 2005). Counts are never too
 * low, and too high by at most `over`, which is at most all that was counted / places; an id more frequent than that is in it.
 * Parts merge as by Agarwal and others 2012: what one of them does not hold it may have counted as often as its least.
 */
export interface Heavy {
  readonly id: string
  readonly count: number
  /** So much of the count may be others'. */
  readonly over: number
}

const heavier = (a: Heavy, b: Heavy): number => b.count - a.count || (a.id < b.id ? -1 : 1)

/** Heaviest first. */
export const add_heavy = (
  heavy: readonly Heavy[],
  id: string,
  places: number,
  count = 1,
): readonly Heavy[] => {
  const at = heavy.findIndex(each => each.id === id)
  const least = heavy.length < places ? 0 : (heavy.at(-1)?.count ?? 0)
  const old = heavy[at] ?? { id, count: least, over: least }
  const next = at >= 0 ? heavy.toSpliced(at, 1) : heavy.slice(0, places - 1)
  const now = { ...old, count: old.count + count }
  let place = at >= 0 ? at : next.length
  while (place > 0 && heavier(now, next[place - 1] as Heavy) < 0) place--
  return next.toSpliced(place, 0, now)
}

export const merge_heavy = (a: readonly Heavy[], b: readonly Heavy[], places: number): readonly Heavy[] => {
  const least = (of: readonly Heavy[]) => (of.length < places ? 0 : (of.at(-1)?.count ?? 0))
  const [least_a, least_b] = [least(a), least(b)]
  const [of_a, of_b] = [a, b].map(of => new Map(of.map(each => [each.id, each])))
  return [...new Set([...a, ...b].map(({ id }) => id))]
    .map(id => {
      const one = of_a?.get(id) ?? { count: least_a, over: least_a }
      const other = of_b?.get(id) ?? { count: least_b, over: least_b }
      return { id, count: one.count + other.count, over: one.over + other.over }
    })
    .sort(heavier)
    .slice(0, places)
}
