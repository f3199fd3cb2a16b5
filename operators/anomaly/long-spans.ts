/**
 * Hours and days against what the season expected of them: sums that fade with 6 and with 24 hours (Roberts 1959), in robust
 * standard deviations learned of each (Huber's proposal 2, recursive, as in usual-spread.ts). They show a level that shifted by
 * less than one hour tells. Hours in which a point was told are left out: they are known.
 */
import type { AnomalyHour } from '../../schemas/types.ts'
import { hours } from '../../schemas/units.ts'
import type { AnomalyPolicy } from './anomaly-policy.ts'
import { is_own_scale, type Judged, off_scale, on_scale } from './judged-scale.ts'

/** Hours after which a third is left of an hour. */
const FADES: readonly number[] = [6, 24]
const CUT = 2.5
/** Values that are not cut: nothing is known to cut them by. */
const UNCUT = 12
/** A spread remembers so many hours. */
const MEMORY = 336

export const learn_variance = (variance: number, n: number, memory: number, residual: number): number => {
  const most = n < UNCUT ? Number.POSITIVE_INFINITY : CUT * CUT * variance
  return variance + Math.max(1 / (n + 1), 1 / memory) * (Math.min(residual * residual, most) - variance)
}

/** No fading sum of counts varies less than half of what independent events do. */
const least_of = (point: Pick<Judged, 'kind'>, place: number): number => {
  if (is_own_scale(point)) return (1e-4 * place) ** 2 + 1e-12
  return point.kind === 'sum' ? 1e-12 : 0.25
}

/** What is to be said of an hour or a day: numbers of an anomaly's row. */
export interface LongVerdict {
  readonly value: number
  readonly expected: number
  readonly lower: number
  readonly upper: number
  readonly score: number
}

/** The hour with its sums and what they teach, and the worse of the two verdicts, per hour; null where it was left out or too little is known. */
export const judge_spans = (
  hour: AnomalyHour,
  point: Pick<Judged, 'kind'>,
  { long_threshold, adopt_ms }: AnomalyPolicy,
): { readonly hour: AnomalyHour; readonly verdict: LongVerdict | null } => {
  if (hour.left_out || hour.exposure <= 0) return { hour, verdict: null }
  const sums: number[] = []
  const spreads = hour.spreads.slice()
  let worst: LongVerdict | null = null
  for (const [k, fade] of FADES.entries()) {
    const faded = (before: number | undefined, now: number): number =>
      Math.exp(-1 / fade) * (before ?? 0) + now
    const seen = faded(hour.sums[3 * k], hour.seen)
    const exposure = faded(hour.sums[3 * k + 1], hour.exposure)
    const expected = faded(hour.sums[3 * k + 2], hour.expected)
    sums.push(seen, exposure, expected)
    const usual = on_scale(point, expected, exposure, 1)
    const residual = on_scale(point, seen, exposure, 1) - usual
    const known = spreads[k] as number
    const deviation = Math.sqrt(Math.max(known, least_of(point, usual)))
    const score = residual / deviation
    if (Math.abs(score) < long_threshold || hour.judged < UNCUT || hour.run * hours(1) >= adopt_ms)
      spreads[k] = learn_variance(known, hour.judged, MEMORY, residual)
    const bound = (far: number) => off_scale(point, usual + far * deviation, exposure, 1) / exposure
    const [lower, upper] = [bound(-long_threshold), bound(long_threshold)]
    if (!worst || Math.abs(score) > Math.abs(worst.score))
      worst = { value: seen / exposure, expected: expected / exposure, lower, upper, score }
  }
  return {
    hour: { ...hour, sums, spreads, judged: hour.judged + 1 },
    verdict: hour.judged < UNCUT ? null : worst,
  }
}
