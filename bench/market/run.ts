/**
 * node bench/market/run.ts [SEEDS]: route-lead itself, and its two estimates of acceptance alone, in the simulated market of
 * test/operators/quality/market.ts, mean over seeds: how fast acceptance comes back after a shift of what buyers accept, what a buyer
 * that lies costs, what is promised before and after learning, and how far it is from an oracle. The operator waits for each answer
 * before it asks the next buyer, as in life; the others ask on at once. About eight seconds a seed.
 */
import { learn_answer, NO_ANSWERS, share_taken } from '../../operators/pricing/answer-shares.ts'
import { calibration_bins, calibration_error } from '../../operators/stats/ranking-measures.ts'
import {
  type Answered,
  BUYERS,
  expected_revenue_router,
  type MarketOptions,
  type MarketRouter,
  market_of,
  oracle_of,
  revenue_of,
} from '../../test/operators/quality/market.ts'
import { estimate_of, RECOVERED, recovery_of, STEPS } from '../../test/operators/quality/market-recovery.ts'
import { learning_router } from '../../test/operators/quality/routers.ts'
import { run_operator } from '../../test/operators/quality/routing-operator.ts'

const SEEDS = Array.from({ length: Number(process.argv[2] ?? 20) }, (_, i) => i + 1)
const LEADS = 2250
const SHIFT = 1500
const MINUTE = 60_000

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length
const shown = (x: number): string => x.toFixed(3)

/** One faded share per buyer and quality, the router's simplest estimate. */
const shares_router = (): MarketRouter => {
  const known = new Map<string, typeof NO_ANSWERS>()
  let now = 0
  return expected_revenue_router(
    (lead, { buyer_id }) => share_taken(known.get(buyer_id) ?? NO_ANSWERS, lead.quality_tier, now),
    ({ quality_tier }, { buyer_id }, accepted) => {
      now += MINUTE
      const answer = accepted ? 'accepted' : 'rejected'
      known.set(buyer_id, learn_answer(known.get(buyer_id) ?? NO_ANSWERS, quality_tier, answer, now))
    },
  )
}

type Run = (options: MarketOptions) => readonly Answered[]
const by_model: Run = options => market_of(options).run(learning_router().router)
const by_operator: Run = options => run_operator(market_of(options))
const by_oracle: Run = options => {
  const market = market_of(options)
  return market.run(oracle_of(market))
}

const runs: readonly (readonly [string, Run])[] = [
  ['an oracle', by_oracle],
  ['route-lead, pooled', by_operator],
  ['route-lead, shares', options => run_operator(market_of(options), 'shares')],
  ['the pooled model alone', by_model],
  ['a share per buyer and quality alone', options => market_of(options).run(shares_router())],
]
const said_of = (numbers: readonly number[]): string => {
  const { mean: middle, error } = estimate_of(numbers)
  return `${shown(middle)} ± ${shown(error)}`
}
console.log(`acceptance before the shift, and by hundreds of feedbacks heard since (± standard error)`)
const market_recovery = (run: Run) => {
  const all = SEEDS.map(seed => run({ seed, leads: LEADS, shift_at: SHIFT }))
  const revenue = mean(all.map(revenue_of)) / LEADS / 100
  return { recoveries: all.map(answers => recovery_of(answers, SHIFT)), revenue }
}
const oracles = market_recovery(by_oracle).recoveries
for (const [name, run] of runs) {
  const { recoveries, revenue } = market_recovery(run)
  const own = recoveries.map(({ back, before }) => back / before)
  const fair = own.map((ratio, i) => (ratio * oracles[i]!.before) / oracles[i]!.back)
  const course = Array.from({ length: STEPS }, (_, i) => said_of(recoveries.map(each => each.course[i]!)))
  console.log(`${name}: ${said_of(recoveries.map(({ before }) => before))}; ${course.join('  ')}`)
  console.log(
    `  of 300 to 600 heard: ${said_of(recoveries.map(({ back }) => back))}, of before ${said_of(own)}, ` +
      `beside the oracle ${said_of(fair)} (recovered: ${RECOVERED}); ${revenue.toFixed(2)} a lead`,
  )
}

const CLEAN = { leads: 1500 }
const clean = SEEDS.map(seed => by_operator({ seed, ...CLEAN }))
const best_buyer = (answers: readonly Answered[]): number => {
  const sums = new Map<string, number>()
  for (const { buyer_id, price_minor, accepted } of answers)
    if (accepted) sums.set(buyer_id, (sums.get(buyer_id) ?? 0) + price_minor)
  const [best] = [...sums].sort(([, a], [, b]) => b - a)
  return Number(best![0].slice(1))
}
for (const [who, buyer_of] of [
  ['one of 50', (seed: number) => (7 * seed) % BUYERS],
  ['the best of 50', (seed: number) => best_buyer(clean[seed - 1]!)],
] as const)
  for (const as of ['rejects', 'random'] as const)
    for (const [name, run] of runs.filter(([, each]) => [by_oracle, by_operator, by_model].includes(each))) {
      const kept = SEEDS.map(seed => {
        const poison = { buyer: buyer_of(seed), as }
        const honest = run === by_operator ? clean[seed - 1]! : run({ seed, ...CLEAN })
        return revenue_of(run({ seed, ...CLEAN, poison })) / revenue_of(honest)
      })
      console.log(`revenue kept when ${who} answers: ${as}, by ${name}: ${mean(kept).toFixed(4)}`)
    }

for (const [name, from, to] of [
  ['the first 200', 0, 200],
  ['the last 500', -500, undefined],
] as const) {
  const answers = clean.flatMap(of => of.slice(from, to))
  const said = answers.map(({ acceptance_probability }) => acceptance_probability)
  const came = answers.map(({ accepted }) => (accepted ? 1 : 0))
  console.log(`${name} answers: calibration error ${shown(calibration_error(said, came))}`)
  for (const { n, mean_probability, rate } of calibration_bins(said, came, 10))
    console.log(`  said ${shown(mean_probability)}  came ${shown(rate)}  of ${n}`)
}
