/**
 * `npm run score:nab`: the detector of any series (operators/anomaly/judge-series.ts), as shipped, by the rules of the Numenta
 * Anomaly Benchmark on the shared series and on simulated revenue: per file and profile, beside the published detectors, each of
 * its own signals alone, an isolation forest and an autoencoder; what the threshold would have been without each file and
 * category; time per value and size of the state. About two minutes.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import avro from 'avsc'
import { shipped } from '../../operators/anomaly/judge-series.ts'
import { SIGNALS } from '../../operators/anomaly/series-signals.ts'
import {
  cases_of,
  type LabelledSeries,
  nab_present,
  nab_series,
  simulated_series,
} from '../../test/reference/anomaly-data.ts'
import {
  best_strength,
  outcomes_of,
  type Run,
  rarity_of,
  run_detector,
  score_of,
  strengths_of,
  told_at,
} from '../../test/reference/detected.ts'
import { normalised, PROFILE_NAMES, PROFILES, probation_of } from '../../test/reference/nab-score.ts'
import { simulated_revenue } from '../../test/reference/simulated-revenue.ts'
import { autoencoder } from './autoencoder.ts'
import { isolation_forest } from './isolation-forest.ts'

const print = (...cells: readonly (string | number)[]): void => console.log(`| ${cells.join(' | ')} |`)
const head = (...cells: readonly string[]): void => {
  console.log()
  print(...cells)
  print(...cells.map(() => '---'))
}
const shown = (x: number | null): string => (x === null ? '' : x.toFixed(1))

const print_files = (set: readonly LabelledSeries[], runs: readonly Run[]): void => {
  head('file', 'windows hit', 'false rows', 'false a week', ...PROFILE_NAMES)
  const weeks = (one: LabelledSeries) =>
    (one.at_ms.at(-1)! - one.at_ms[probation_of(one.rows)]!) / (7 * 86_400_000)
  const row = (name: string, some: readonly LabelledSeries[]): void => {
    const places = some.map(one => set.indexOf(one))
    const by = (profile: (typeof PROFILES)[keyof typeof PROFILES]) =>
      outcomes_of(
        some,
        places.map(i => runs[i]!.detected),
        profile,
      )
    const standard = by(PROFILES.standard)
    const sum = (of: (one: (typeof standard)[number]) => number) =>
      standard.reduce((all, one) => all + of(one), 0)
    const false_rows = sum(one => one.false_rows)
    print(
      name,
      `${sum(one => one.hit)} of ${sum(one => one.windows)}`,
      false_rows,
      (false_rows / some.reduce((all, one) => all + weeks(one), 0)).toFixed(2),
      ...PROFILE_NAMES.map(profile => shown(normalised(by(PROFILES[profile]), PROFILES[profile]))),
    )
  }
  for (const one of set) row(one.name, [one])
  for (const category of new Set(set.map(one => one.category)))
    row(
      `**${category}**`,
      set.filter(one => one.category === category),
    )
  row('**all**', set)
}

const print_scores = (
  name: string,
  set: readonly LabelledSeries[],
  detected: readonly (readonly number[])[],
) => {
  const outcomes = outcomes_of(set, detected, PROFILES.standard)
  print(
    name,
    ...PROFILE_NAMES.map(profile => shown(score_of(set, detected, PROFILES[profile]))),
    outcomes.reduce((sum, one) => sum + one.hit, 0),
    outcomes.reduce((sum, one) => sum + one.false_rows, 0),
  )
}

/** Detectors by their raw strengths, each with the strength that is best for it and the same rule of silence. */
const print_best = (
  name: string,
  set: readonly LabelledSeries[],
  strengths: readonly Float64Array[],
): void => {
  const needed = best_strength(set, strengths)
  print_scores(
    name,
    set,
    strengths.map(one => told_at(one, needed)),
  )
}

type Published = Readonly<Record<string, Readonly<Record<string, number>>>>
const print_comparison = (set: readonly LabelledSeries[], runs: readonly Run[]): void => {
  head('detector', ...PROFILE_NAMES, 'windows hit', 'false rows')
  print_scores(
    '**ours, as shipped**',
    set,
    runs.map(({ detected }) => detected),
  )
  const { detectors } = cases_of('nab').find(({ id }) => id === 'subset.shared')!.expected as {
    detectors: Published
  }
  for (const [name, one] of Object.entries(detectors).sort(([, a], [, b]) => b.standard! - a.standard!))
    print(
      `${name} (published)`,
      ...PROFILE_NAMES.map(profile => shown(one[profile]!)),
      one.windows_hit_standard!,
      one.false_positive_points_standard!,
    )
  SIGNALS.forEach((signal, i) => {
    const weights = SIGNALS.map((_, j) => (i === j ? 1 : 0))
    print_best(
      `our ${signal} alone`,
      set,
      set.map(one => strengths_of(one, weights)),
    )
  })
  print_best(
    'isolation forest',
    set,
    set.map(one => rarity_of(isolation_forest(one.values))),
  )
  print_best(
    'autoencoder',
    set,
    set.map(one => rarity_of(autoencoder(one.values, probation_of(one.rows)))),
  )
}

/** What a file scores with the threshold that the others would have chosen. */
const print_held_out = (set: readonly LabelledSeries[], strengths: readonly Float64Array[]): void => {
  head('threshold chosen without', 'needed strength', 'standard', 'reward_low_FP_rate')
  const held_out = (group_of: (one: LabelledSeries) => string) => {
    const needed = new Map<string, number>()
    for (const group of new Set(set.map(group_of))) {
      const others = set.flatMap((one, i) => (group_of(one) === group ? [] : [i]))
      needed.set(
        group,
        best_strength(
          others.map(i => set[i]!),
          others.map(i => strengths[i]!),
        ),
      )
    }
    const detected = set.map((one, i) => told_at(strengths[i]!, needed.get(group_of(one))!))
    const all = [...needed.values()]
    return [
      `${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)}`,
      shown(score_of(set, detected)),
      shown(score_of(set, detected, PROFILES.reward_low_FP_rate)),
    ]
  }
  print(
    'nothing (shipped)',
    ...[shipped.strength.toFixed(2)],
    ...of_strength(set, strengths, shipped.strength),
  )
  print('the file', ...held_out(one => one.name))
  print('its category', ...held_out(one => one.category))
  const own = Array.from({ length: 40 }, (_, i) => simulated_revenue(1000 + i))
  const by_own = best_strength(
    own,
    own.map(one => strengths_of(one)),
  )
  print('all of them (own simulated streams)', by_own.toFixed(2), ...of_strength(set, strengths, by_own))
}

const of_strength = (set: readonly LabelledSeries[], strengths: readonly Float64Array[], needed: number) => {
  const detected = strengths.map(one => told_at(one, needed))
  return [shown(score_of(set, detected)), shown(score_of(set, detected, PROFILES.reward_low_FP_rate))]
}

const print_cost = (set: readonly LabelledSeries[], runs: readonly Run[], took_ms: number): void => {
  const schema = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../schemas/state/anomaly_detector.avsc'), 'utf8'),
  )
  const type = avro.Type.forSchema(schema)
  const sizes = runs.map(({ state }) => type.toBuffer(state).length)
  const values = set.reduce((sum, one) => sum + one.rows, 0)
  console.log(
    `\n${values} values, ${((1000 * took_ms) / values).toFixed(1)} µs each; ` +
      `state ${Math.min(...sizes)} to ${Math.max(...sizes)} bytes`,
  )
}

const main = (): void => {
  if (!nab_present) throw new Error('the shared series are not there (set REFERENCE_DATA)')
  const set = nab_series()
  const from = performance.now()
  const runs = set.map(one => run_detector(one))
  const took_ms = performance.now() - from
  print_files(set, runs)
  print_cost(set, runs, took_ms)
  print_held_out(
    set,
    set.map(one => strengths_of(one)),
  )
  const simulated = simulated_series()
  print_files(
    simulated,
    simulated.map(one => run_detector(one)),
  )
  print_comparison(set, runs)
}

main()
