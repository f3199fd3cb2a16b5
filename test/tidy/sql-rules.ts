/** What the warehouse may hold: derivations that can be repeated, views that say what they answer. */
import { in_folders, type Rule } from './tree.ts'

const ADDITIVE = /\b(SummingMergeTree|AggregatingMergeTree|MATERIALIZED\s+VIEW)\b/i
const CLOCK = /\b(now|now64|today|yesterday|current_timestamp|nowInBlock)\s*\(/i
const PARTS = ['answers', 'grain', 'reads', 'holds']

const without_comments = (sql: string): string =>
  sql.replace(/--[^\n]*/g, '').replace(/\/\*[\s\S]*?\*\//g, '')

/** A repeated insert would be counted twice by these; the sink repeats inserts whenever it is unsure. */
export const nothing_adds_up_inserts: Rule = tree =>
  in_folders(tree, 'sql').flatMap(([path, text]) => {
    const match = ADDITIVE.exec(without_comments(text))
    return match ? [`${path} has ${match[1]}: recompute by day from FINAL`] : []
  })

export const views_take_their_time: Rule = tree =>
  in_folders(tree, 'sql/views').flatMap(([path, text]) => {
    const match = CLOCK.exec(without_comments(text))
    return match ? [`${path} calls ${match[1]}(): take as_of as a parameter`] : []
  })

/** The comment lines a file begins with. */
const header_of = (text: string): string => {
  const lines = text.split('\n')
  const end = lines.findIndex(line => !line.startsWith('--'))
  return lines.slice(0, end < 0 ? lines.length : end).join('\n')
}

export const views_say_what_they_answer: Rule = tree =>
  in_folders(tree, 'sql/views').flatMap(([path, text]) => {
    const header = header_of(text)
    return PARTS.filter(part => !new RegExp(`\\b${part}:[ \\t]*\\S`, 'i').test(header)).map(
      part => `${path}: the header lacks "${part}:"`,
    )
  })
