/**
 * What a lead's text says beside what its sender says of it: whether it asks something technical, objects, comes round, is content
 * or annoyed, answers a question by the way. Whole words of the language's table; accents, case and typographic
 * apostrophes do not matter. A language without a table is not guessed at.
 * What is negated shortly before is not heard, and what is asked is no answer.
 * Limits: no other grammar. `is great` and `would be great` are the same, and languages written without spaces need another way.
 */
import { compile_lexicon } from './facts.ts'
import { type Words, words_by_language } from './words.ts'

export interface Heard {
  readonly technical: boolean
  /** Kind of the objection, null without one. */
  readonly objection: string | null
  readonly resolved: boolean
  /** 1 content, -1 annoyed; null when it says neither, or both. */
  readonly mood: 1 | -1 | null
  /** Fact → meaning. */
  readonly answers: readonly (readonly [fact: string, meaning: string])[]
}
type Ear = (text: string) => Heard

/** `es-MX`, `ES_mx` → es: the table's name of a language tag. */
export const language_of_tag = (tag: string): string => (/^[a-z]+/.exec(tag.trim().toLowerCase()) ?? [''])[0]

/** How texts of a language are heard; undefined of one that has no table. */
export const ear_for = (language: string): Ear | undefined =>
  Object.hasOwn(EARS, language) ? EARS[language] : undefined

/** Without accents, with straight apostrophes. */
const plain = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
  /^[\x00-\x7f]*$/.test(text) ? text : text.normalize('NFD').replaceAll(/\p{M}/gu, '').replaceAll('’', "'")

const compiled = (meanings: Readonly<Record<string, readonly string[]>>, negating: readonly string[] = []) =>
  compile_lexicon(
    Object.fromEntries(Object.entries(meanings).map(([name, list]) => [name, list.map(plain)])),
    negating.map(plain),
  )

/** Each with the marks that end it. */
const sentences_of = (text: string): readonly string[] => text.match(/[^.?!\n]+[.?!]*/g) ?? []

const ear_of = (words: Words): Ear => {
  const technical = compiled({ yes: words.technical })
  const asking = compiled({ yes: words.asking })
  const heard_in = (meanings: Readonly<Record<string, readonly string[]>>) =>
    compiled(meanings, words.negating)
  const objection = heard_in(words.objections)
  const resolved = heard_in({ yes: words.resolved })
  const content = heard_in({ yes: words.content })
  const annoyed = heard_in({ yes: words.annoyed })
  const answers = Object.entries(words.answers).map(([fact, meanings]) => [fact, heard_in(meanings)] as const)
  const first_words = Math.max(...words.asking.map(each => each.split(' ').length))
  const asks = (text: string): boolean =>
    text.includes('?') || asking(text.trim().split(/\s+/, first_words).join(' ')) !== null
  return spoken => {
    const text = plain(spoken)
    const pleased = content(text) !== null
    const cross = annoyed(text) !== null
    return {
      technical: technical(text) !== null && asks(text),
      objection: objection(text),
      resolved: resolved(text) !== null,
      mood: pleased === cross ? null : pleased ? 1 : -1,
      answers: answers.flatMap(([fact, meaning_of]) => {
        if (meaning_of(text) === null) return []
        // Who asks whether it leaks this month does not say when.
        const said = sentences_of(text).filter(sentence => !asks(sentence))
        const meaning = said.map(meaning_of).find(each => each !== null)
        return meaning ? [[fact, meaning] as const] : []
      }),
    }
  }
}

const EARS: Readonly<Record<string, Ear>> = Object.fromEntries(
  Object.entries(words_by_language).map(([language, words]) => [language, ear_of(words)]),
)
