/** quality_reliability: given answers of buyers and scores, expected bins. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Served, serve_warehouse } from './served-warehouse.ts'

let offset = 0
/** What a buyer said of the decision `c1|<decision>`, by default an hour after New Year. */
const answer = (
  [decision, outcome, conversion_probability]: readonly [string, string, number | null],
  more: Record<string, unknown> = {},
): object => ({
  _key: 't1',
  _offset: offset++,
  event_id: `c1|f${offset}`,
  tenant_id: 't1',
  customer_id: 'c1',
  occurred_at: '2026-01-01T01:00:00.000Z',
  decision_id: `c1|${decision}`,
  buyer_id: 'b1',
  outcome,
  conversion_probability,
  trusted_ratio: 1,
  lead_policy_version: 'lead-1',
  ...more,
})
const score = (event_id: string, shadow_probability: number | null, customer_id = 'c1'): object => ({
  _key: `t1|${customer_id}`,
  _offset: offset++,
  event_id,
  tenant_id: 't1',
  customer_id,
  conversation_id: 'chat-1',
  occurred_at: '2026-01-01T00:00:00.000Z',
  shadow_version: shadow_probability === null ? null : 'lead-2',
  shadow_probability,
})

let served: Served
beforeAll(async () => {
  served = await serve_warehouse()
  await served.fill('route_outcomes', [
    // Two bins: below one half (a, b, c) and from it on (d, e, f).
    answer(['a', 'rejected', 0.1]),
    answer(['b', 'returned', 0.2]),
    answer(['c', 'accepted', 0.3]),
    answer(['d', 'converted', 0.5]),
    answer(['e', 'accepted', 0.9]),
    // Taken, then given back: one decision, and what was said last, though it was heard first.
    answer(['f', 'returned', 1], { occurred_at: '2026-01-01T03:00:00.000Z' }),
    answer(['f', 'accepted', 1], { occurred_at: '2026-01-01T02:00:00.000Z' }),
    // A second buyer of the same lead; nobody believes it.
    answer(['e', 'rejected', 0.9], { buyer_id: 'b2', trusted_ratio: 0 }),
    // Refused before, so offered to a second buyer: a decision of its own, of the same lead.
    answer(['a', 'accepted', 0.1], { buyer_id: 'b2', decision_id: '~c1|a|2|reserved' }),
    // Of no known decision.
    answer(['-', 'accepted', 0.2], { decision_id: null }),
    answer(['j', 'accepted', null]),
    // Another version, another tenant, another month.
    answer(['g', 'accepted', 0.6], { lead_policy_version: 'lead-0', trusted_ratio: 0.5 }),
    answer(['h', 'rejected', 0.6], { lead_policy_version: 'lead-0' }),
    answer(['a', 'rejected', 0.6], { _key: 't2', tenant_id: 't2', trusted_ratio: 0 }),
    answer(['a', 'rejected', 0.29], { _key: 't3', tenant_id: 't3' }),
    answer(['b', 'rejected', 0.0029], { _key: 't3', tenant_id: 't3' }),
    answer(['i', 'accepted', 0.4], {
      occurred_at: '2026-02-01T00:00:00.000Z',
      decision_id: 'x%7Cy%25|i',
      customer_id: 'x|y%',
    }),
  ])
  await served.fill('lead_scores', [
    score('a', 0.3),
    score('c', 0.7),
    score('d', null),
    score('i', 0.45, 'x|y%'),
    // Scored, and not decided.
    score('z', 0.1),
  ])
})
afterAll(() => served.stop())

const reliability = (as_of: string, bins = 2) =>
  served.warehouse.query(
    `SELECT scorer, policy_version, tuple(bin, from_probability, to_probability) AS bin, decisions, weight,
       mean_predicted, taken_rate, ece
     FROM quality_reliability(as_of = {as_of:DateTime64(3, 'UTC')}, bins = {bins:UInt16})
     WHERE tenant_id = 't1' ORDER BY scorer, policy_version, bin`,
    { as_of, bins },
  )
const row = (
  scorer: string,
  policy_version: string,
  bin: readonly number[],
  [decisions, weight, mean_predicted, taken_rate, ece]: readonly number[],
) => ({ scorer, policy_version, bin, decisions, weight, mean_predicted, taken_rate, ece })

it('sets what was predicted beside what buyers said, per version and bin, for champion and shadow', async () => {
  expect(await reliability('2026-02-01 00:00:00.000')).toEqual([
    row('champion', 'lead-0', [2, 0.5, 1], [2, 1.5, 0.6, 0.333333, 0.266667]),
    // (0.1 + 0.1 + 0.2 + 0.3) / 4 against 2 of 4; (0.5 + 0.9 + 1) / 3 against 2 of 3: (1.3 + 0.4) / 7.
    row('champion', 'lead-1', [1, 0, 0.5], [4, 4, 0.175, 0.5, 0.242857]),
    row('champion', 'lead-1', [2, 0.5, 1], [4, 3, 0.8, 0.666667, 0.242857]),
    // a at both buyers, c: (|0.6 - 1| + |0.7 - 1|) / 3.
    row('shadow', 'lead-2', [1, 0, 0.5], [2, 2, 0.3, 0.5, 0.233333]),
    row('shadow', 'lead-2', [2, 0.5, 1], [1, 1, 0.7, 1, 0.233333]),
  ])
})

it('holds only what was said before as_of', async () => {
  expect(await reliability('2026-01-01 03:00:00.000')).toContainEqual(
    row('champion', 'lead-1', [2, 0.5, 1], [4, 3, 0.8, 1, 0.271429]),
  )
  // From February on there is i, whose customer's id is escaped in the decision's.
  const later = await reliability('2026-02-01 00:00:00.001')
  expect(later).toContainEqual(row('champion', 'lead-1', [1, 0, 0.5], [5, 5, 0.22, 0.6, 0.2875]))
  expect(later).toContainEqual(row('shadow', 'lead-2', [1, 0, 0.5], [3, 3, 0.35, 0.666667, 0.3125]))
  expect(await reliability('2026-01-01 01:00:00.000')).toEqual([])
})

it('cuts the bins where it says, the last one with its end', async () => {
  const bins_of = async (bins: number) =>
    (await reliability('2026-02-01 00:00:00.000', bins))
      .filter(({ policy_version }) => policy_version === 'lead-1')
      .map(({ bin }) => (bin as readonly number[])[0])
  expect(await bins_of(10)).toEqual([2, 3, 4, 6, 10])
  expect(await bins_of(3)).toEqual([1, 2, 3])
  expect(await bins_of(1)).toEqual([1])
})

it('cuts them exactly, where a binary fraction would be a hair below', async () => {
  const bins_of = (bins: number) =>
    served.warehouse.query(
      `SELECT bin FROM quality_reliability(as_of = '2026-02-01 00:00:00', bins = {bins:UInt16})
       WHERE tenant_id = 't3' ORDER BY bin`,
      { bins },
    )
  expect(await bins_of(100)).toEqual([{ bin: 1 }, { bin: 30 }])
  expect(await bins_of(10_000)).toEqual([{ bin: 30 }, { bin: 2901 }])
})

it('nobody believed: counted, and nothing said of it', async () => {
  const rows = await served.warehouse.query(
    `SELECT tenant_id, decisions, weight, mean_predicted, taken_rate, ece
     FROM quality_reliability(as_of = '2026-02-01 00:00:00', bins = 10) WHERE tenant_id = 't2'`,
  )
  const nothing = { mean_predicted: null, taken_rate: null, ece: null }
  expect(rows).toEqual([{ tenant_id: 't2', decisions: 1, weight: 0, ...nothing }])
})
