/**
 * What has been said about something, the newest word on each matter by event time. Learning is independent of the
 * order in which events arrive: an older event never overrules a newer one, and equal times are settled by event_id.
 */

export interface Fact {
  readonly name: string
  readonly value: string
  readonly known_ms: number
  readonly event_id: string
}

/** When something was said, and in which event. */
export interface Said {
  readonly occurred_at: number
  readonly event_id: string
}

/** Facts with one more; the same reference when it is not news. Sorted by name. */
export const learn = (facts: readonly Fact[], name: string, value: string, said: Said): readonly Fact[] => {
  const at = place_of(facts, name)
  return is_news(facts, at, name, said) ? put(facts.slice(), at, name, value, said) : facts
}

/** Learns the named fields of an object that hold something; null, missing and empty fields say nothing. */
export const learn_fields = <K extends string>(
  facts: readonly Fact[],
  names: readonly K[],
  object: Readonly<Partial<Record<K, string | number | boolean | null>>>,
  said: Said,
): readonly Fact[] => {
  let learned: Fact[] | null = null
  for (const name of names) {
    const value = object[name]
    if (value === null || value === undefined || value === '') continue
    const known = learned ?? facts
    const at = place_of(known, name)
    if (!is_news(known, at, name, said)) continue
    learned ??= facts.slice()
    put(learned, at, name, String(value), said)
  }
  return learned ?? facts
}

/** Where the name is, or would be. */
const place_of = (facts: readonly Fact[], name: string): number => {
  let at = 0
  while (at < facts.length && (facts[at] as Fact).name < name) at++
  return at
}

const is_news = (facts: readonly Fact[], at: number, name: string, said: Said): boolean => {
  const old = facts[at]
  if (old?.name !== name || said.occurred_at > old.known_ms) return true
  return said.occurred_at === old.known_ms && said.event_id > old.event_id
}

const put = (facts: Fact[], at: number, name: string, value: string, said: Said): Fact[] => {
  const { occurred_at: known_ms, event_id } = said
  facts.splice(at, facts[at]?.name === name ? 1 : 0, { name, value, known_ms, event_id })
  return facts
}

/** The newest word on a matter. */
export const fact_of = (facts: readonly Fact[], name: string): string | undefined => {
  for (const fact of facts) if (fact.name === name) return fact.value
  return undefined
}

/** `Upper East Side`, `co-op` → upper_east_side, co_op: one spelling for words that people type. */
export const spelled = (word: string): string =>
  word
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_')

/**
 * Text → the first meaning whose words it holds, as whole words and not behind a word that negates them. Compiled once, from meaning →
 * words.
 */
export const compile_lexicon = (
  lexicon: Readonly<Record<string, readonly string[]>>,
  negating: readonly string[] = [],
): ((text: string) => string | null) => {
  const meanings = Object.entries(lexicon).map(([meaning, words]) => ({
    meaning,
    pattern: any_of(words, negating),
  }))
  // Most texts hold none of the words: one look says so.
  const any = any_of(Object.values(lexicon).flat(), [])
  return text =>
    any.test(text) ? (meanings.find(({ pattern }) => pattern.test(text))?.meaning ?? null) : null
}

const choice_of = (words: readonly string[]): string =>
  words.map(word => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')

/** Up to three words may stand between what negates and what is negated; a comma or a full stop ends it. */
const any_of = (words: readonly string[], negating: readonly string[]): RegExp => {
  const these = `(?:${choice_of(words)})\\b`
  const unless = negating.length === 0 ? '' : `(?<!\\b(?:${choice_of(negating)})\\s+(?:[\\w']+\\s+){0,3})`
  // Looked back from where a word stands, which is rare.
  return new RegExp(`\\b(?=${these})${unless}${these}`, 'i')
}

/** points × part ÷ whole, rounded half up, in integers. */
export const share_of = (points: number, part: number, whole: number): number =>
  Math.floor((2 * points * part + whole) / (2 * whole))
