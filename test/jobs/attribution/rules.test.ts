import { expect, it } from 'vitest'
import { collect_paths } from '../../../jobs/attribution/paths.ts'
import { RULES, type Rule, rule_credit } from '../../../jobs/attribution/rules.ts'

/** Credit of one path that converted ten times, by place. */
const credit = (path: string, rule: Rule): Record<string, number> => {
  const set = collect_paths([{ places: path.split(' > '), conversions: 10, value: 0, nulls: 7 }])
  const { conversions } = rule_credit(set, rule)
  return Object.fromEntries(set.places.map((place, i) => [place, Number(conversions[i]!.toFixed(9))]))
}

it.each<[string, Record<Rule, Record<string, number>>]>([
  [
    'ad > email > ad > direct > direct',
    {
      first_touch: { ad: 10, email: 0, direct: 0 },
      last_touch: { ad: 0, email: 0, direct: 10 },
      linear: { ad: 4, email: 2, direct: 4 },
      // 4, three times 2/3, 4
      position_based: { ad: 4.666666667, email: 0.666666667, direct: 4.666666667 },
      last_non_direct: { ad: 10, email: 0, direct: 0 },
    },
  ],
  [
    'ad > direct',
    {
      first_touch: { ad: 10, direct: 0 },
      last_touch: { ad: 0, direct: 10 },
      linear: { ad: 5, direct: 5 },
      position_based: { ad: 5, direct: 5 },
      last_non_direct: { ad: 10, direct: 0 },
    },
  ],
  [
    'ad > email > social',
    {
      first_touch: { ad: 10, email: 0, social: 0 },
      last_touch: { ad: 0, email: 0, social: 10 },
      linear: { ad: 3.333333333, email: 3.333333333, social: 3.333333333 },
      position_based: { ad: 4, email: 2, social: 4 },
      last_non_direct: { ad: 0, email: 0, social: 10 },
    },
  ],
])('%s', (path, expected) => {
  expect(Object.fromEntries(RULES.map(rule => [rule, credit(path, rule)]))).toEqual(expected)
})

it('gives all to the only touch, and the last direct one where all are', () => {
  for (const rule of RULES) expect(credit('direct > direct', rule)).toEqual({ direct: 10 })
  for (const rule of RULES) expect(credit('ad', rule)).toEqual({ ad: 10 })
})
