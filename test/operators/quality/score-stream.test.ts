/** The operator in a pipeline of its own: feedback of one customer is its cases, what it says of them leaves as a reason. */
import { map } from 'rxjs'
import { expect } from 'vitest'
import { pipeline } from '../../../operators/core/keyed.ts'
import { scoreStream } from '../../../operators/quality/score-stream.ts'
import { tributary } from '../../../runtime/app.ts'
import { scenario } from '../../driver/scenario.ts'
import { random_of } from './market.ts'

const asked = pipeline({
  name: 'quality-asked',
  keyed_by: 'customer',
  since: 'beginning',
  build: ({ from, to }) => {
    const feedback = from('feedback', 'customer_id', 'buyer_id', 'outcome', 'amount_minor', 'properties')
    const cases = feedback.pipe(
      map(({ event_id, tenant_id, occurred_at, buyer_id, outcome, properties }) => ({
        ...{ event_id, tenant_id, occurred_at },
        source: buyer_id ?? '',
        row: Object.values(properties).map(Number),
        outcome: outcome === 'converted' ? null : outcome === 'accepted' ? (1 as const) : (0 as const),
      })),
    )
    const said = map(({ event_id, tenant_id, occurred_at, source, ...scored }: Scored) => ({
      ...{ event_id, tenant_id, occurred_at, buyer_id: source, customer_id: 'ada' },
      ...{ decision_id: null, amount_minor: null, currency: null, outcome: 'accepted' as const },
      reason: `${scored.probability} ${scored.trusted_ratio}`,
    }))
    to('lead_feedback', cases.pipe(scoreStream(2)).pipe(said))
  },
})
interface Scored {
  readonly event_id: string
  readonly tenant_id: string
  readonly occurred_at: number
  readonly source: string
  readonly probability: number
  readonly trusted_ratio: number
}
const app = { ...tributary(1), partitions: 1, pipelines: [asked] }

/** Every scenario counts its events anew: the variants are to be equal. */
const teller = () => {
  let events = 0
  return (buyer_id: string, row: readonly (number | string)[], outcome: string) => ({
    event_id: `e${events++}`,
    tenant_id: 'acme',
    customer_id: 'ada',
    occurred_at: Date.UTC(2026, 0, 5) + events,
    buyer_id,
    outcome: outcome as 'accepted',
    properties: Object.fromEntries(row.map((x, j) => [`c${j}`, String(x)])),
  })
}

scenario(
  'asks before it is told: the first case is even, and only told ones are learned from',
  'customer',
  d => {
    const told = teller()
    d.send('feedback', [
      told('b1', [1, 0], 'converted'),
      told('b1', [1, 0], 'accepted'),
      told('b1', [1, 0], 'converted'),
      told('b1', [0, 1], 'converted'),
    ])
    d.run()
    const said = d.outputs('lead_feedback').map(({ reason }) => Number(reason!.split(' ')[0]))
    expect(said.slice(0, 2)).toEqual([0.5, 0.5])
    expect(said[2]).toBeGreaterThan(0.65)
    // The level and the intercept are shared with the other row, its own column is not known.
    expect(said[3]).toBeGreaterThan(0.5)
    expect(said[3]).toBeLessThan(said[2]!)
  },
  app,
)

scenario(
  'learns what makes a case good, and does not believe who answers blindly',
  'customer',
  d => {
    const told = teller()
    const random = random_of(3)
    const cases = Array.from({ length: 240 }, (_, i) => {
      const row = [random(), random()]
      const blind = i % 4 === 0
      const yes = blind ? random() < 0.5 : row[0]! > row[1]!
      return told(blind ? 'blind' : `b${i % 4}`, row, yes ? 'accepted' : 'rejected')
    })
    const last = [
      told('b1', [0.9, 0.1], 'converted'),
      told('b1', [0.1, 0.9], 'converted'),
      told('blind', [0, 0], 'converted'),
    ]
    d.send('feedback', [...cases, ...last])
    d.run()
    const said = d.outputs('lead_feedback').map(({ reason }) => reason!.split(' ').map(Number))
    const [good, bad, blind] = said.slice(-3)
    expect(good![0]).toBeGreaterThan(0.9)
    expect(bad![0]).toBeLessThan(0.1)
    expect(good![1]).toBeGreaterThan(0.9)
    expect(blind![1]).toBeLessThan(0.3)
  },
  app,
)

scenario(
  'refuses a row that is not the model’s',
  'customer',
  d => {
    const told = teller()
    d.send('feedback', [told('b1', [1], 'accepted'), told('b1', [1, 'x'], 'accepted')])
    d.run()
    expect(d.outputs('lead_feedback')).toEqual([])
    expect(d.outcomes.dead_letter + d.outcomes.duplicate).toBeGreaterThanOrEqual(2)
  },
  app,
)
