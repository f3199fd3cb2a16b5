/**
 * Hourly revenue of twelve weeks with a season of the day and of the week, noise in proportion, and four labelled anomalies, as the
 * streams of the reference data are described; for choosing a threshold on streams of other seeds than those that are scored.
 */
import { random_of } from '../operators/quality/market.ts'
import type { LabelledSeries } from './anomaly-data.ts'
import type { Window } from './nab-score.ts'

const HOURS = 12 * 168
const MARGIN = 6
export const KINDS = ['spike', 'dip', 'outage', 'flat', 'shift', 'shape'] as const
type Kind = (typeof KINDS)[number]
/** Hours an anomaly of a kind may last. */
const LASTS: Readonly<Record<Kind, readonly [number, number]>> = {
  spike: [1, 4],
  dip: [8, 30],
  outage: [2, 6],
  flat: [8, 24],
  shift: [48, 60],
  shape: [18, 30],
}

export const simulated_revenue = (seed: number): LabelledSeries => {
  const random = random_of(seed)
  const between = (least: number, most: number): number => least + (most - least) * random()
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const level = between(1500, 4000)
  const swing = between(0.5, 0.75)
  const second = between(0, 0.2)
  const peak = between(0, 24)
  const noise = between(0.05, 0.15)
  const days = Array.from({ length: 7 }, () => between(0.8, 1.25))
  const usual = (hour: number): number => {
    const angle = (2 * Math.PI * (hour - peak)) / 24
    const day = days[Math.floor(hour / 24) % 7] as number
    return level * day * (1 + swing * Math.cos(angle) + second * Math.cos(2 * angle))
  }
  const values = Array.from({ length: HOURS }, (_, hour) => usual(hour) * (1 + noise * normal()))
  const windows: Window[] = []
  const kinds: Kind[] = []
  for (let i = 0; i < 4; i++) {
    const kind = KINDS[Math.floor(random() * KINDS.length)] as Kind
    const [least, most] = LASTS[kind]
    const length = Math.round(between(least, most))
    const start = Math.round(between(410, 500)) + i * 380 - (i > 2 ? 60 : 0)
    const factor = { spike: between(2.5, 4.5), dip: between(0.45, 0.65), shift: between(1.5, 1.9) }
    for (let hour = start; hour < start + length; hour++)
      values[hour] =
        kind === 'outage'
          ? (values[hour] as number) * 0.02
          : kind === 'flat'
            ? (values[start] as number) * (1 + 0.01 * normal())
            : kind === 'shape'
              ? usual(hour + 12) * (1 + noise * normal())
              : (values[hour] as number) * factor[kind]
    windows.push([start - MARGIN, start + length - 1 + MARGIN])
    kinds.push(kind)
  }
  return {
    name: `seed ${seed}`,
    category: 'own',
    at_ms: values.map((_, hour) => Date.UTC(2024, 0, 1) + hour * 3_600_000),
    values: values.map(value => Math.round(100 * Math.max(0, value)) / 100),
    rows: HOURS,
    windows,
    kinds,
  }
}
