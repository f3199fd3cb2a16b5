/** Learning from buyers in the simulated market, route-lead itself, mean over twenty seeds: the numbers that docs/SEMANTICS.md gives. */
import { expect, test } from 'vitest'
import { calibration_error } from '../../operators/stats/ranking-measures.ts'
import { type Answered, BUYERS, market_of, oracle_of, revenue_of } from '../operators/quality/market.ts'
import { estimate_of, RECOVERED, recovery_of } from '../operators/quality/market-recovery.ts'
import { run_operator } from '../operators/quality/routing-operator.ts'

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1)
const SHIFT = 1500
const LEADS = 2250
const CLEAN = 1500
/** Seconds of one core, and others beside it. */
const PATIENCE_MS = 20 * 60_000

test(
  'acceptance is back within 300 feedbacks after a shift, by itself and beside an oracle',
  () => {
    const ratios = SEEDS.map(seed => {
      const market = market_of({ seed, leads: LEADS, shift_at: SHIFT })
      const learner = recovery_of(run_operator(market), SHIFT)
      const oracle = recovery_of(market.run(oracle_of(market)), SHIFT)
      const own = learner.back / learner.before
      return { own, fair: (own * oracle.before) / oracle.back, fallen: learner.course[0]! / learner.before }
    })
    const of = (name: keyof (typeof ratios)[number]) => estimate_of(ratios.map(ratio => ratio[name])).mean
    expect(of('fallen')).toBeLessThan(0.9)
    expect(of('own')).toBeGreaterThan(RECOVERED)
    expect(of('fair')).toBeGreaterThan(RECOVERED)
  },
  PATIENCE_MS,
)

test(
  'one of 50 that rejects everything costs less than 2 % of revenue; what is said comes to be what is done',
  () => {
    const clean = SEEDS.map(seed => run_operator(market_of({ seed, leads: CLEAN })))
    const kept = SEEDS.map((seed, i) => {
      const poison = { buyer: (7 * seed) % BUYERS, as: 'rejects' } as const
      return revenue_of(run_operator(market_of({ seed, leads: CLEAN, poison }))) / revenue_of(clean[i]!)
    })
    expect(estimate_of(kept).mean).toBeGreaterThan(0.98)
    const error = (answers: readonly Answered[]): number =>
      calibration_error(
        answers.map(({ acceptance_probability }) => acceptance_probability),
        answers.map(({ accepted }) => (accepted ? 1 : 0)),
      )
    const first = error(clean.flatMap(answers => answers.slice(0, 200)))
    const last = error(clean.flatMap(answers => answers.slice(-500)))
    expect(last).toBeLessThan(0.04)
    expect(last).toBeLessThan(first / 1.5)
  },
  PATIENCE_MS,
)
