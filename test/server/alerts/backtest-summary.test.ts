/** Given firings and what was true, what a back-test says. */
import { describe, expect, it } from 'vitest'
import { FIRINGS_TOLD, type Firing, summarise } from '../../../server/alerts/backtest-summary.ts'

const HOUR = 3_600_000
const stretch = { from_ms: 0, to_ms: 14 * 24 * HOUR }
const firing = (from: number, to: number | null, more: Partial<Firing> = {}): Firing => ({
  from_ms: from * HOUR,
  to_ms: to === null ? null : to * HOUR,
  severity: 'high',
  value: 1,
  expected: 2,
  ...more,
})
const label = (from: number, to: number) => ({ from_ms: from * HOUR, to_ms: to * HOUR })
const judged = (...firings: Firing[]) => ({ points: 4032, anomalies: 7, firings })

describe('a back-test', () => {
  it('counts firings a week and how long they lasted, to the end where one is not over', () => {
    const found = summarise(stretch, judged(firing(330, null), firing(10, 12), firing(50, 50)), null)
    expect(found).toMatchObject({ fired: 3, per_week: 1.5, points: 4032, anomalies: 7, verdict: null })
    expect([found.firing_ms, found.longest_ms]).toEqual([8 * HOUR, 6 * HOUR])
    expect(found.firings.map(one => [one.from, one.to, one.lasted_ms, one.right])).toEqual([
      ['1970-01-01T10:00:00.000Z', '1970-01-01T12:00:00.000Z', 2 * HOUR, null],
      ['1970-01-03T02:00:00.000Z', '1970-01-03T02:00:00.000Z', 0, null],
      ['1970-01-14T18:00:00.000Z', null, 6 * HOUR, null],
    ])
  })

  it('is right where it meets a label, and finds labels that are met', () => {
    const firings = [
      firing(10, 12),
      firing(11, 13, { dimension: 'channel=x' }),
      firing(50, 51),
      firing(99, 100),
    ]
    const labels = [label(12, 14), label(40, 49), label(100, 101), label(200, 201)]
    const { verdict, firings: told } = summarise(stretch, judged(...firings), { source: 'labels', labels })
    expect(verdict).toEqual({
      source: 'labels',
      labels: 4,
      right: 3,
      found: 2,
      precision_ratio: 0.75,
      recall_ratio: 0.5,
    })
    expect(told.map(one => one.right)).toEqual([true, true, false, true])
  })

  it('has no precision without a firing, and no recall without a label', () => {
    const none = summarise(stretch, judged(), { source: 'labels', labels: [label(1, 2)] })
    expect(none.verdict).toMatchObject({ precision_ratio: null, recall_ratio: 0 })
    const blank = summarise(stretch, judged(firing(1, 2)), { source: 'labels', labels: [] })
    expect(blank.verdict).toMatchObject({ precision_ratio: 0, recall_ratio: null })
  })

  it('counts all and tells the newest', () => {
    const many = Array.from({ length: FIRINGS_TOLD + 20 }, (_, i) => firing(i / 4, i / 4 + 0.1))
    const { fired, firings } = summarise(stretch, judged(...many), null)
    expect([fired, firings.length, firings[0]!.from]).toEqual([520, 500, '1970-01-01T05:00:00.000Z'])
  })
})
