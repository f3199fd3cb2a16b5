/** The acceptance model in the simulated market; `node bench/market/run.ts` measures the same over more seeds. */
import { expect, it } from 'vitest'
import { calibration_error } from '../../../operators/stats/ranking-measures.ts'
import {
  type Answered,
  acceptance_of,
  BUYERS,
  expected_revenue_router,
  market_of,
  oracle_of,
  revenue_of,
} from './market.ts'
import { learning_router } from './routers.ts'

const SEEDS = [1, 2, 3]
const mean = (of: (seed: number) => number): number =>
  SEEDS.reduce((sum, seed) => sum + of(seed) / SEEDS.length, 0)

it('is the same market for every router', () => {
  const [once, again] = [1, 2].map(() => market_of({ seed: 1, leads: 200 }))
  expect(once!.run(oracle_of(once!))).toEqual(again!.run(oracle_of(again!)))
  const blind = expected_revenue_router(
    () => 0.5,
    () => {},
  )
  expect(revenue_of(once!.run(blind))).toBeLessThan(revenue_of(once!.run(oracle_of(once!))))
})

it('no buyer is asked twice for a lead, nor given more than its hour holds', () => {
  const market = market_of({ seed: 2, leads: 300 })
  const answers = market.run(learning_router().router)
  const offers = answers.map(({ lead, buyer_id }) => `${lead}|${buyer_id}`)
  expect(new Set(offers).size).toBe(offers.length)
  const taken = answers.filter(({ accepted }) => accepted)
  expect(new Set(taken.map(({ lead }) => lead)).size).toBe(taken.length)
  const hours = new Map<string, number>()
  for (const { lead, buyer_id } of taken) {
    const hour = `${Math.floor(lead / 100)}|${buyer_id}`
    hours.set(hour, (hours.get(hour) ?? 0) + 1)
  }
  expect(Math.max(...hours.values())).toBe(4)
})

it('acceptance recovers within 300 feedbacks after a shift of what buyers accept', () => {
  const windows = SEEDS.map(seed => {
    const answers = market_of({ seed, leads: 1500, shift_at: 900 }).run(learning_router().router)
    const shift = answers.findIndex(({ lead }) => lead >= 900)
    return [
      answers.slice(shift - 400, shift),
      answers.slice(shift, shift + 100),
      answers.slice(shift + 300, shift + 600),
    ].map(acceptance_of)
  })
  const [before, fallen, back] = [0, 1, 2].map(i => mean(seed => windows[seed - 1]![i]!))
  expect(fallen).toBeLessThan(0.9 * before!)
  expect(back).toBeGreaterThan(0.93 * before!)
}, 60_000)

it.each(['rejects', 'random'] as const)(
  'revenue holds when one of 50 buyers answers: %s',
  as => {
    const kept = mean(seed => {
      const revenue = (poison?: { buyer: number; as: typeof as }): number =>
        revenue_of(
          market_of({ seed, leads: 700, ...(poison ? { poison } : {}) }).run(learning_router().router),
        )
      return revenue({ buyer: (7 * seed) % BUYERS, as }) / revenue()
    })
    expect(kept).toBeGreaterThan(0.98)
  },
  60_000,
)

it('what it says of a buyer comes to be what the buyer does', () => {
  const error = (answers: readonly Answered[]): number =>
    calibration_error(
      answers.map(({ acceptance_probability }) => acceptance_probability),
      answers.map(({ accepted }) => (accepted ? 1 : 0)),
    )
  const answers = SEEDS.map(seed => market_of({ seed, leads: 1000 }).run(learning_router().router))
  const first = error(answers.flatMap(of => of.slice(0, 200)))
  const last = error(answers.flatMap(of => of.slice(-400)))
  expect(last).toBeLessThan(0.05)
  expect(last).toBeLessThan(first / 1.5)
}, 60_000)
