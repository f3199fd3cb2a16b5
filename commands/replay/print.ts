/** A replay's results as text for people: tables with one line per topic and per segment. */

import type { FirstDifference, Row, TopicAgreement } from '../../runtime/replay-compare.ts'
import { exponents } from '../../schemas/currencies.ts'
import type { WhatIf } from './courses.ts'
import { changes_of, overlap_of, SEGMENTS, type Segment, type Sums, segments_of } from './summary.ts'

/** Per topic: rows, how they agree, and the hash of both sides. */
export const agreement_table = (topics: readonly TopicAgreement[]): string => {
  const head = [
    'topic',
    'recorded',
    'replayed',
    'equal',
    'different',
    'missing',
    'unrecorded',
    'hash of the log',
    'of the replay',
  ]
  const rows = topics.map(each => [
    each.topic,
    ...[each.recorded, each.replayed, each.equal, each.different, each.missing, each.unrecorded].map(String),
    each.recorded_hash,
    each.replayed_hash,
  ])
  return table(head, rows, 1)
}

/** One line: which row it is and the first field that is not the same. */
export const difference_line = (
  topic: string,
  { key, event_id, recorded, replayed }: FirstDifference,
): string => {
  const row = `${topic}: ${key}, ${event_id}`
  if (!recorded) return `${row}: replayed, not in the log`
  if (!replayed) return `${row}: in the log, not replayed`
  const field = Object.keys(recorded).find(name => text(recorded, name) !== text(replayed, name))
  if (field === undefined) return `${row}: the bodies differ in their bytes only`
  return `${row}: ${field} is ${cut(text(recorded, field))} in the log, ${cut(text(replayed, field))} replayed`
}

const text = (row: Row, field: string): string => JSON.stringify(row[field]) ?? 'nothing'
const cut = (long: string): string => (long.length > 200 ? `${long.slice(0, 200)}…` : long)

const TITLES = { all: 'in all', quality: 'by quality', buyer: 'by first buyer', area: 'by area' } as const

/** Both courses side by side; `→` heads the column of the other one. */
export const segment_tables = (what_if: WhatIf): string => {
  const segments = segments_of(what_if)
  return SEGMENTS.map(kind => {
    const rows = segments
      .filter(segment => segment.kind === kind)
      .map(one => segment_row(one, what_if.routed))
    return table(segment_head(TITLES[kind], what_if.routed), rows, 2)
  }).join('\n')
}

const segment_head = (title: string, routed: boolean): string[] => [
  ...[title, 'currency', 'leads', '→', 'mean score', '→'],
  ...(routed ? ['sold', '→', 'price', '→', 'expected', '→', 'difference'] : ['price', '→', 'difference']),
]

const segment_row = ({ name, currency, recorded, other }: Segment, routed: boolean): string[] => {
  const pair = (of: (sums: Sums) => string) => [of(recorded), of(other)]
  const money = (minor: number) => amount(minor, currency)
  const what = routed ? 'expected_minor' : 'price_minor'
  return [
    name,
    currency,
    ...pair(({ leads }) => String(leads)),
    ...pair(({ leads, score_sum }) => (leads ? (score_sum / leads).toFixed(2) : '')),
    ...(routed ? pair(({ sold }) => String(sold)) : []),
    ...pair(({ price_minor }) => money(price_minor)),
    ...(routed ? pair(({ expected_minor }) => money(expected_minor)) : []),
    money(other[what] - recorded[what]),
  ]
}

/** How many leads changed, and how much of it the log bears out. */
export const findings = (what_if: WhatIf): string => {
  const { leads, changed, score, tier, buyer, price } = changes_of(what_if)
  const lines = [
    `${changed} of ${leads} leads changed: ${score} their score, ${tier} their tier, ${buyer} their first buyer, ` +
      `${price} its price`,
  ]
  if (!what_if.routed)
    return `${[...lines, 'revenue: the code at hand routes no leads, so prices are all there is'].join('\n')}\n`
  const overlap = overlap_of(what_if)
  const { recorded_sales, other_sales, same, taken, refused, open, realised_minor } = overlap
  const share = recorded_sales ? `${((100 * same) / recorded_sales).toFixed(1)} %` : 'none'
  const brought = [...realised_minor].map(([currency, minor]) => `${amount(minor, currency)} ${currency}`)
  lines.push(
    `overlap: ${same} of ${recorded_sales} recorded sales (${share}) have the same first buyer and price ` +
      `in the other course, which makes ${other_sales}`,
    `realised revenue of those ${same}: ${brought.join(', ') || 'nothing'} (${taken} taken, ${refused} refused or ` +
      `given back, ${open} not answered)`,
  )
  if (same < Math.max(recorded_sales, other_sales))
    lines.push(
      'of the others only expected revenue can be told: what a buyer would have answered to a lead it never got is not in the log',
    )
  if (what_if.withheld)
    lines.push(
      `${what_if.withheld} answers of buyers were left out of the other course: they are about other sales; what is ` +
        'expected of its sales is by what the recorded course knew of the buyers',
    )
  return `${lines.join('\n')}\n`
}

/** Minor units as a decimal amount, exactly. */
const amount = (minor: number, currency: string): string => {
  const exponent = exponents.get(currency) ?? 2
  const digits = String(Math.abs(minor)).padStart(exponent + 1, '0')
  const whole = digits.length - exponent
  return `${minor < 0 ? '-' : ''}${digits.slice(0, whole)}${exponent ? `.${digits.slice(whole)}` : ''}`
}

/** The first `left` columns are words. */
const table = (head: readonly string[], rows: readonly (readonly string[])[], left: number): string => {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map(row => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i < left ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd()
  return `${[head, ...rows].map(line).join('\n')}\n`
}
