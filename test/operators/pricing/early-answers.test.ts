/** Answers before their decision: how many wait, how long, and that their order changes nothing. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MOST } from '../../../operators/pricing/early-answers.ts'
import type { Lead, LeadFeedback } from '../../../schemas/types.ts'
import { days, hours, minutes } from '../../../schemas/units.ts'
import { Driver } from '../../driver/driver.ts'
import { scenario } from '../../driver/scenario.ts'
import {
  answer,
  app,
  buyer,
  buyers,
  flat_prices,
  NOON,
  pass_time,
  ready,
  send_answers,
  send_leads,
} from './market.ts'

const kept = (d: Driver) => [...d.fields('acme').keys()].filter(field => field.includes('#early|'))
const told = (d: Driver) => d.outputs('route_outcomes').map(row => [row.event_id, row.decided_at])

scenario(
  'an answer waits seven days of stream time, to the end of the day, and is then told once, as it was said',
  'tenant',
  d => {
    buyers(d, [buyer('a')])
    const said = { decision_id: 'ada|1', buyer_id: 'a', reason: 'no budget', currency: 'EUR' }
    send_answers(d, [answer('ada', 'rejected', { ...said, amount_minor: 7 })])
    // Long late: it waits from stream time on.
    send_answers(d, [answer('bo', 'accepted', { ...said, occurred_at: NOON - days(300) })])
    pass_time(d, NOON + days(7.5) - 1)
    expect([told(d), kept(d).length]).toEqual([[], 2])
    pass_time(d, NOON + days(7.5))
    expect([told(d).length, kept(d), d.timers]).toEqual([2, [], 0])
    expect(d.outputs('route_outcomes')[0]).toMatchObject({
      ...said,
      event_id: `ada|answer-rejected-ada|1-${NOON}`,
      occurred_at: NOON,
      tenant_id: 'acme',
      customer_id: 'ada',
      outcome: 'rejected',
      value_minor: 7,
      reason_class: 'price',
      conversation_id: null,
      decided_at: null,
      trusted_ratio: 1,
    })
    // Too late.
    send_leads(d, [ready('ada', { occurred_at: NOON + days(8) })], NOON + days(8))
    d.run()
    expect(d.outputs('routes').map(row => row.status)).toEqual(['reserved'])
  },
  app,
)

scenario(
  'the newest twenty of a customer wait; what is over ends alone; a tenant without buyers waits for none',
  'tenant',
  d => {
    buyers(d, [buyer('a')])
    const many = Array.from({ length: MOST + 2 }, (_, i) =>
      answer('ada', 'accepted', { decision_id: `ada|${i}`, occurred_at: NOON + i }),
    )
    send_answers(d, many)
    send_answers(d, [{ ...answer('ada', 'accepted', { decision_id: 'x' }), tenant_id: 'other' }])
    d.run()
    expect(told(d).map(([id]) => id)).toEqual(
      [many[0], many[1]].map(each => each?.event_id).concat(`ada|answer-accepted-x-${NOON}`),
    )
    send_answers(d, [answer('ada', 'accepted', { decision_id: 'later' })], NOON + days(2))
    pass_time(d, NOON + days(7.5))
    // The one that came later put out another.
    expect(told(d)).toHaveLength(MOST + 3)
    expect(kept(d)).toHaveLength(1)
    pass_time(d, NOON + days(9.5))
    expect([told(d).length, kept(d)]).toEqual([MOST + 4, []])
  },
  app,
)

const CUSTOMERS = ['ada', 'bo', 'cy', 'di', 'ed']
/** In their natural order: leads as they come, then what the first buyer says, then the second, then the third. */
const history = (said: readonly ('accepted' | 'rejected' | 'converted')[][]) => {
  const one = { leads: [] as Partial<Lead>[], answers: [] as Partial<LeadFeedback>[] }
  const leads = CUSTOMERS.map((name, i) => ({
    ...one,
    leads: [ready(name, { occurred_at: NOON + minutes(i) })],
  }))
  const later = said.flatMap((outcomes, i) =>
    outcomes.map((outcome, k) => {
      const name = CUSTOMERS[i] as string
      const decision_id = k === 0 ? `${name}|1` : `~${name}|1|${k + 1}|reserved`
      const at_ms = NOON + hours(k + 1) + minutes(i)
      return { at_ms, ...one, answers: [answer(name, outcome, { decision_id, occurred_at: at_ms })] }
    }),
  )
  return [...leads, ...later.sort((a, b) => a.at_ms - b.at_ms)]
}

const FIELDS = [
  'event_id',
  'cause_event_id',
  'occurred_at',
  'decision_id',
  'status',
  'attempt',
  'buyer_id',
] as const
const sets = (d: Driver): readonly string[][] => [
  d
    .outputs('routes')
    .map(row => JSON.stringify(FIELDS.map(field => row[field])))
    .sort(),
  d
    .outputs('route_outcomes')
    .map(({ acceptance_probability: _, trusted_ratio: __, ...row }) => JSON.stringify(row))
    .sort(),
]

test('leads and answers in any order: the same routes and outcomes as in the natural one', async () => {
  const said = fc.array(fc.constantFrom('accepted', 'rejected', 'converted'), { maxLength: 3 })
  const input = fc.array(said, { minLength: CUSTOMERS.length, maxLength: CUSTOMERS.length }).chain(all => {
    const natural = history(all)
    return fc.tuple(
      fc.constant(natural),
      fc.shuffledSubarray([...natural.keys()], { minLength: natural.length, maxLength: natural.length }),
    )
  })
  await fc.assert(
    fc.asyncProperty(input, async ([natural, order]) => {
      const play = async (places: readonly number[]): Promise<Driver> => {
        const d = await Driver.open('tenant', { batch: 7 }, app)
        flat_prices(d)
        // Prices so far apart that what is learned changes no choice; caps that do not bind.
        buyers(
          d,
          [9, 6, 4, 1].map(n => buyer(`b${n}`, { base_minor: 10 ** n, daily_cap: 100 })),
        )
        for (const place of places) {
          const { leads, answers } = natural[place] as (typeof natural)[number]
          send_leads(d, leads)
          send_answers(d, answers)
        }
        pass_time(d, NOON + hours(20))
        expect(d.outcomes.dead_letter).toBe(0)
        return d
      }
      const [one, other] = [await play([...natural.keys()]), await play(order)]
      expect(sets(other)).toEqual(sets(one))
      for (const d of [one, other]) pass_time(d, NOON + days(60))
      expect(sets(other)).toEqual(sets(one))
      expect(kept(other)).toEqual([])
    }),
    { numRuns: 30 },
  )
}, 60_000)
