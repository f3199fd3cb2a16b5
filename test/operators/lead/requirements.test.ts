/** What the requirements say of scoring, line by line: formulas, tables, thresholds and examples. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ear_for } from '../../../operators/core/hear-text.ts'
import { count_points, type Place } from '../../../operators/lead/count-points.ts'
import { judge_lead, probability_of } from '../../../operators/lead/judge-lead.ts'
import {
  basic_lead_policy,
  default_lead_policy,
  type LeadPolicy,
} from '../../../operators/lead/lead-policy.ts'
import type { LeadKnowledge } from '../../../schemas/types.ts'
import { minutes } from '../../../schemas/units.ts'
import { FIRST_EXAMPLE, SECOND_EXAMPLE } from '../conversation/talk.ts'
import { known, NOWHERE } from './lead-knowledge.ts'

const count = (knowledge: LeadKnowledge, policy: LeadPolicy = default_lead_policy, place: Place = NOWHERE) =>
  count_points(knowledge, place, 100, policy)
const earned = (facts: Readonly<Record<string, string>>, signal: string, place: Place = NOWHERE) =>
  count(known({ homeowner_verified: 'true', ...facts }), default_lead_policy, place).parts.find(
    part => part.signal === signal,
  )?.points
/** What grows from word to word, strictly. */
const rises = (points: readonly (number | undefined)[]) => {
  for (const [i, more] of points.entries()) if (i > 0) expect(more).toBeGreaterThan(points[i - 1] as number)
}

describe('lead_score = base × 0.40 + behaviour × 0.30 + timing × 0.20 + market × 0.10, each of 100', () => {
  const best = {
    homeowner_verified: 'true',
    bill_amount_minor: '30000',
    zip_code: '1',
    property_type: 'house',
  }
  const at_best = {
    behavior: { last_ms: minutes(10), questions: 4, objections: 1, objections_resolved: 1, sentiments: 1 },
    timing: {
      install_timeline: 'asap',
      credit_signal: 'good',
      decision_role: 'primary',
      comparing_offers: 'true',
    },
  }
  const index = (at: number) => ({
    adoption_index: at,
    income_index: at,
    supply_index: at,
    season_index: at,
  })
  const everything = known({ ...best, ...at_best.timing }, { ...at_best.behavior, sentiment_sum: 1_000_000 })

  it('each factor at its best earns its weight, all of them 100', () => {
    const { base, behavior, timing, market, total } = count(everything, default_lead_policy, {
      ...NOWHERE,
      zip_code: index(1),
    })
    expect([base, behavior, timing, market, total]).toEqual([4000, 3000, 2000, 1000, 10_000])
  })

  it('before: base × 0.6 + behaviour × 0.4 of the same factors, timing and market unseen', () => {
    const place = { ...NOWHERE, zip_code: index(1) }
    const { base, behavior, timing, market, total } = count(everything, basic_lead_policy, place)
    expect([base, behavior, timing, market, total]).toEqual([6000, 4000, 0, 0, 10_000])
    const fact = fc.constantFrom('bill_amount_minor', 'zip_code', 'property_type', 'decision_role')
    const facts = fc.dictionary(fact, fc.constantFrom('condo', 'house', '15000', '25000', '99999', 'primary'))
    const behaves = fc.record({
      last_ms: fc.nat(minutes(15)),
      questions: fc.nat(6),
      objections: fc.nat(4),
      objections_resolved: fc.nat(4),
      sentiments: fc.constantFrom(0, 1),
      sentiment_sum: fc.integer({ min: -1e6, max: 1e6 }),
    })
    fc.assert(
      fc.property(facts, behaves, fc.boolean(), (said, more, owner) => {
        const knowledge = known({ ...said, homeowner_verified: String(owner) }, more)
        const after = count(knowledge)
        const before = count(knowledge, basic_lead_policy)
        // Each factor out of 100, by what it earns under 0.40 / 0.30 / 0.20 / 0.10.
        const base_score = after.base / 40
        const behavior_score = after.behavior / 30
        // Four signals of behaviour, each rounded to a hundredth under both policies.
        expect(Math.abs(before.total / 100 - (base_score * 0.6 + behavior_score * 0.4))).toBeLessThan(0.06)
        expect(before.base / 60).toBeCloseTo(base_score, 10)
      }),
      { numRuns: 200 },
    )
  })
})

describe('base qualification', () => {
  it('needs a verified home: yes or no', () => {
    const knowledge = (owner: string) => known({ homeowner_verified: owner, bill_amount_minor: '40000' })
    const tier = (owner: string) =>
      judge_lead(knowledge(owner), { ...count(knowledge(owner)), total: 9000 }, default_lead_policy)
        .quality_tier
    expect([count(knowledge('false')).base, tier('false'), tier('true')]).toEqual([
      0,
      'unqualified',
      'premium',
    ])
  })
  it('a monthly bill from 200 is good, from 300 excellent', () => {
    const bill = (minor: number) => earned({ bill_amount_minor: String(minor) }, 'bill_amount_minor')
    rises([bill(19_999), bill(20_000), bill(30_000)])
    expect([bill(20_000), bill(30_000)]).toEqual([bill(29_999), bill(90_000)])
  })
  it('a premium area gets a bonus, by its zip code and by its neighbourhood', () => {
    const rich = { income_index: 0.9 }
    const facts = { zip_code: '10021' }
    expect(earned(facts, 'premium_area', { ...NOWHERE, zip_code: rich })).toBe(4)
    expect(earned(facts, 'premium_area', { ...NOWHERE, neighborhood: rich })).toBe(4)
    expect(earned(facts, 'premium_area', { ...NOWHERE, zip_code: { income_index: 0.69 } })).toBeUndefined()
  })
  it('single-family over condo over co-op', () => {
    rises(
      ['co-op', 'condo', 'single-family'].map(property_type => earned({ property_type }, 'property_type')),
    )
  })
})

describe('behaviour', () => {
  const behaves = (more: Partial<LeadKnowledge>) => count(known({}, more)).behavior
  it('longer sessions, technical questions, resolved objections and good sentiment, all of it measured', () => {
    rises([0, 2, 5, 10].map(after => behaves({ last_ms: minutes(after) })))
    rises([0, 1, 2, 3, 4].map(questions => behaves({ questions })))
    rises([0, 1, 2, 3].map(objections_resolved => behaves({ objections: 3, objections_resolved })))
    rises([-1, -0.5, 0, 0.5, 1].map(mood => behaves({ sentiments: 1, sentiment_sum: mood * 1e6 })))
  })
})

describe('market timing', () => {
  it('sooner is better, good credit is better, who decides is better, comparing offers is better', () => {
    const words = {
      install_timeline: ['exploring', 'next_year', 'this_year', 'soon'],
      credit_signal: ['poor', 'fair', 'good'],
      decision_role: ['researcher', 'influencer', 'primary'],
      comparing_offers: ['false', 'true'],
    }
    for (const [signal, meanings] of Object.entries(words))
      rises(meanings.map(meaning => earned({ [signal]: meaning }, signal)))
    // Financing: qualified before is as good as good.
    for (const credit_signal of ['prequalified', 'Pre-qualified', 'pre approved'])
      expect(earned({ credit_signal }, 'credit_signal')).toBe(
        earned({ credit_signal: 'good' }, 'credit_signal'),
      )
  })
})

describe('market intelligence', () => {
  it.each(['adoption_index', 'income_index', 'supply_index', 'season_index'])('by the region’s %s', name => {
    const at = (index: number) => earned({}, name, { ...NOWHERE, borough: { [name]: index } })
    rises([0, 0.25, 0.5, 0.75, 1].map(at))
    // An unknown region is an average one.
    expect(at(0.5)).toBe(earned({}, name))
  })
  it('names no place in code: regions are entries of the catalog', () => {
    const folder = join(import.meta.dirname, '../../../operators/lead')
    const files = readdirSync(folder)
    expect(files).toContain('place-lead.ts')
    for (const file of files)
      expect(readFileSync(join(folder, file), 'utf8')).not.toMatch(
        /manhattan|brooklyn|queens|bronx|staten|nyc|new.york|park.slope|upper.east|\b1[01]\d{3}\b/i,
      )
  })
})

describe('the examples', () => {
  const facts_of = (context: object) =>
    Object.fromEntries(Object.entries(context).map(([name, value]) => [name, String(value)]))
  const house_in = (text: string) => new Map(ear_for('en')?.(text).answers).get('property_type') ?? ''
  it.each([
    ['400.0, 10021, manhattan, upper_east_side: a co-op', FIRST_EXAMPLE, 'co_op', [3100, 350, 0, 500, 3950]],
    [
      '350.0, 11215, brooklyn, park_slope: a brownstone',
      SECOND_EXAMPLE,
      'single_family',
      [3600, 350, 0, 500, 4450],
    ],
  ] as const)('%s', (_name, { text, context }, house, points) => {
    expect(house_in(text)).toBe(house)
    const { base, behavior, timing, market, total } = count(
      known({ ...facts_of(context), said_property_type: house }),
    )
    expect([base, behavior, timing, market, total]).toEqual(points)
  })
  it('a score of 87 is premium, and converts with 0.82 before feedback says otherwise', () => {
    const knowledge = known({ homeowner_verified: 'true' })
    const judged = judge_lead(knowledge, { ...count(knowledge), total: 8700 }, default_lead_policy)
    expect([judged.total_score, judged.quality_tier]).toEqual([87, 'premium'])
    expect(probability_of(87, default_lead_policy)).toBeCloseTo(0.82, 2)
  })
})
