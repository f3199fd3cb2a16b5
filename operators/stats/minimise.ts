/**
 * The least value of a function of a few numbers, without its derivatives: Nelder and Mead's simplex (1965) with the
 * dimension's own coefficients (Gao and Han 2012), begun again around what it found until that no longer helps: a
 * simplex can collapse before it has arrived. Deterministic. Finds the bottom of the valley that it starts in: where
 * there are several, give several starts. Meant for up to about ten unknowns.
 */
export interface MinimiseOptions {
  /** How far the first simplex reaches from `start`, of all or of each number; default 0.5. */
  readonly step?: number | readonly number[]
  /** It has arrived when the simplex is this small, of 1 + |x|, and its values as near, of 1 + |value|; default 1e-9. */
  readonly tolerance?: number
  /** Evaluations at most; default 2000 times (1 + the number of unknowns). */
  readonly most?: number
}

export interface Minimum {
  readonly x: number[]
  readonly value: number
  /** False: `most` evaluations were not enough, or no finite value was found. */
  readonly converged: boolean
  readonly evaluations: number
}

type Point = readonly number[]
interface Corner {
  readonly x: number[]
  readonly value: number
}

/** `f` may give Infinity or NaN where it is not defined: never chosen. */
export const minimise = (f: (x: Point) => number, start: Point, options: MinimiseOptions = {}): Minimum => {
  const { step = 0.5, tolerance = 1e-9, most = 2000 * (1 + start.length) } = options
  let evaluations = 0
  const at = (x: number[]): Corner => {
    evaluations++
    const value = f(x)
    return { x, value: Number.isNaN(value) ? Number.POSITIVE_INFINITY : value }
  }
  const steps = start.map((_, i) => (typeof step === 'number' ? step : (step[i] ?? 0.5)))
  let best = at([...start])
  for (let round = 0; ; round++) {
    // Smaller each time: the first rounds find the valley, the later ones its bottom.
    const reach = steps.map(width => width * 0.5 ** Math.min(round, 6) * (round % 2 === 0 ? 1 : -1))
    const found = descend(at, best, reach, tolerance, () => evaluations >= most)
    const gained = best.value - found.value
    if (found.value <= best.value) best = found
    if (evaluations >= most || best.value === Number.POSITIVE_INFINITY)
      return { ...best, converged: false, evaluations }
    if (round > 0 && !(gained > tolerance * (1 + Math.abs(best.value))))
      return { ...best, converged: true, evaluations }
  }
}

/** One descent of one simplex; the best corner that it ends with. */
const descend = (
  at: (x: number[]) => Corner,
  from: Corner,
  reach: Point,
  tolerance: number,
  spent: () => boolean,
): Corner => {
  const n = from.x.length
  if (n === 0) return from
  const expand = 1 + 2 / n
  const contract = n === 1 ? 0.5 : 0.75 - 1 / (2 * n)
  const shrink = n === 1 ? 0.5 : 1 - 1 / n
  const corners = [from, ...reach.map((width, i) => at(from.x.with(i, from.x[i]! + width)))]
  while (!spent()) {
    corners.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0))
    const best = corners[0]!
    const worst = corners[n]!
    if (best.value === Number.POSITIVE_INFINITY || has_arrived(corners, tolerance)) return best
    const centre = best.x.map((_, j) => corners.slice(0, n).reduce((sum, { x }) => sum + x[j]!, 0) / n)
    const beyond = (by: number): Corner => at(centre.map((c, j) => c + by * (c - worst.x[j]!)))
    const reflected = beyond(1)
    if (reflected.value < best.value) {
      const expanded = beyond(expand)
      corners[n] = expanded.value < reflected.value ? expanded : reflected
    } else if (reflected.value < corners[n - 1]!.value) {
      corners[n] = reflected
    } else {
      const outside = reflected.value < worst.value
      const contracted = beyond(outside ? contract : -contract)
      if (contracted.value < (outside ? reflected : worst).value) corners[n] = contracted
      else
        for (let i = 1; i <= n; i++)
          corners[i] = at(corners[i]!.x.map((v, j) => best.x[j]! + shrink * (v - best.x[j]!)))
    }
  }
  return corners.reduce((a, b) => (b.value < a.value ? b : a))
}

const has_arrived = (corners: readonly Corner[], tolerance: number): boolean => {
  const best = corners[0]!
  const spread = corners.at(-1)!.value - best.value
  if (spread > tolerance * (1 + Math.abs(best.value)) || Number.isNaN(spread)) return false
  // Values alone can be equal by chance, on both sides of the bottom.
  const near = Math.sqrt(tolerance)
  return corners.every(({ x }) => x.every((v, j) => Math.abs(v - best.x[j]!) <= near * (1 + Math.abs(v))))
}
