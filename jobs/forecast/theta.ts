/**
 * The theta method (Assimakopoulos and Nikolopoulos 2000, winner of M3) as the M4 benchmarks compute it, and
 * the dynamic optimised theta model (Fiorucci et al. 2016), which fits theta and lets the line follow the
 * data.
 */
import { minimise_line } from '../../operators/stats/least-squares.ts'
import { fit_line } from './fit-line.ts'
import { fit_simple } from './fit-smoothing.ts'

/** Mean of the line through the data and of the smoothed series of twice its curvature. Needs 3 values. */
export const theta_forecast = (values: ArrayLike<number>, horizon: number): Float64Array => {
  const n = values.length
  const { intercept, slope } = fit_line(values)
  const bent = Float64Array.from(values, (x, i) => 2 * x - (intercept + slope * (i + 1)))
  const smooth = fit_simple(bent).state.level
  return Float64Array.from({ length: horizon }, (_, h) => (smooth + intercept + slope * (n + h + 1)) / 2)
}

/** The least squares line through the values so far, updated value by value. */
interface RunningLine {
  count: number
  mean: number
  slope: number
}
const extend = (line: RunningLine, x: number): void => {
  const { count, mean, slope } = line
  const t = count + 1
  line.slope = count < 1 ? 0 : ((t - 2) * slope + (6 / t) * (x - mean)) / (t + 1)
  line.mean = (count * mean + x) / t
  line.count = t
}
/** What the line adds to the level for the next value, per unit of 1 - 1 / theta. */
const pull = ({ count, mean, slope }: RunningLine, alpha: number): number => {
  const left = (1 - alpha) ** count
  const at_zero = mean - ((count + 1) / 2) * slope
  return left * at_zero + ((1 - left * (1 - alpha)) / alpha) * slope
}

interface ThetaFit {
  readonly sse: number
  /** 1 - 1 / theta: 0 is simple smoothing. */
  readonly bend: number
  readonly level: number
}

/**
 * For a given alpha, start level and bend are a regression of two columns. `pulls` is room for the second.
 */
const dynamic_at = (values: Float64Array, alpha: number): ThetaFit => {
  const line: RunningLine = { count: 0, mean: 0, slope: 0 }
  const keep = 1 - alpha
  let [level, weight] = [0, 1]
  let [ee, ew, ep, ww, wp, pp] = [0, 0, 0, 0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!
    const error = x - level
    // The line needs two values before it says anything.
    if (i >= 2) {
      const p = pull(line, alpha)
      ee += error * error
      ew += error * weight
      ep += error * p
      ww += weight * weight
      wp += weight * p
      pp += p * p
    }
    extend(line, x)
    level += alpha * error
    weight *= keep
  }
  const determinant = ww * pp - wp * wp
  const free = determinant > 1e-12 * ww * pp ? (ww * ep - wp * ew) / determinant : 0
  const bend = Math.min(1, Math.max(0, free))
  const start = ww > 0 ? (ew - bend * wp) / ww : 0
  const sse =
    ee - 2 * start * ew - 2 * bend * ep + start * start * ww + 2 * start * bend * wp + bend * bend * pp
  return { sse, bend, level: keep ** values.length * start + level }
}

/** alpha in 0.1 … 0.99 and theta from 1 on, as the authors bound them. Needs 4 values. */
export const dynamic_theta_forecast = (values: ArrayLike<number>, horizon: number): Float64Array => {
  const base = values[0]!
  const shifted = Float64Array.from(values, x => x - base)
  const alpha = minimise_line(a => dynamic_at(shifted, a).sse, 0.1, 0.99, 8, 1e-4)
  const { bend, level } = dynamic_at(shifted, alpha)
  const line: RunningLine = { count: 0, mean: 0, slope: 0 }
  for (const x of shifted) extend(line, x)
  let current = level
  return Float64Array.from({ length: horizon }, () => {
    const next = current + bend * pull(line, alpha)
    extend(line, next)
    current += alpha * (next - current)
    return base + next
  })
}
