/**
 * An isolation forest (Liu, Ting and Zhou 2008) on the last values of a series: 50 trees of 128 points, grown again every 1000
 * values from the 4000 before, so that nothing is learned from what is judged. Score: 2 ** (-mean depth / usual depth).
 */
import { random_of } from '../../test/operators/quality/market.ts'

type Tree = { readonly at: number; readonly by: number; readonly less: Tree; readonly more: Tree } | number

const TREES = 50
const SAMPLE = 128
const DEEPEST = Math.ceil(Math.log2(SAMPLE))
const EVERY = 1000
const PAST = 4000
const LAST = 6
const FIRST = 100

const usual_depth = (n: number): number =>
  n < 2 ? 0 : 2 * (Math.log(n - 1) + 0.5772156649) - (2 * (n - 1)) / n

const grow = (points: readonly (readonly number[])[], depth: number, random: () => number): Tree => {
  if (points.length < 2 || depth >= DEEPEST) return depth + usual_depth(points.length)
  const at = Math.floor(random() * LAST)
  const values = points.map(point => point[at] as number)
  const [least, most] = [Math.min(...values), Math.max(...values)]
  if (least === most) return depth + usual_depth(points.length)
  const by = least + (most - least) * random()
  return {
    at,
    by,
    less: grow(
      points.filter(point => (point[at] as number) < by),
      depth + 1,
      random,
    ),
    more: grow(
      points.filter(point => (point[at] as number) >= by),
      depth + 1,
      random,
    ),
  }
}

const depth_of = (tree: Tree, point: readonly number[]): number => {
  let node = tree
  while (typeof node !== 'number') node = (point[node.at] as number) < node.by ? node.less : node.more
  return node
}

/** Scores of a series, 0 to 1, each from it and those before. */
export const isolation_forest = (values: readonly number[]): Float64Array => {
  const random = random_of(7)
  const point_of = (i: number) =>
    Array.from({ length: LAST }, (_, lag) => values[Math.max(0, i - lag)] as number)
  const scores = new Float64Array(values.length)
  let forest: Tree[] = []
  for (let i = FIRST; i < values.length; i++) {
    if ((i - FIRST) % EVERY === 0) {
      const from = Math.max(0, i - PAST)
      const sample = () =>
        Array.from({ length: SAMPLE }, () => point_of(from + Math.floor(random() * (i - from))))
      forest = Array.from({ length: TREES }, () => grow(sample(), 0, random))
    }
    const point = point_of(i)
    const depth = forest.reduce<number>((sum, tree) => sum + depth_of(tree, point), 0) / TREES
    scores[i] = 2 ** (-depth / usual_depth(SAMPLE))
  }
  return scores
}
