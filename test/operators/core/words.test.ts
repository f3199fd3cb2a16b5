import { expect, it } from 'vitest'
import { words_by_language } from '../../../operators/core/words.ts'

const tables = Object.entries(words_by_language)
const lists = (value: unknown): (readonly string[])[] =>
  Array.isArray(value) ? [value] : Object.values(value as object).flatMap(lists)

it('has English and Spanish, each with the same meanings', () => {
  expect(Object.keys(words_by_language)).toEqual(['en', 'es'])
  const shape = (value: unknown): unknown =>
    Array.isArray(value) ? 0 : Object.entries(value as object).map(([name, inner]) => [name, shape(inner)])
  for (const [, words] of tables) expect(shape(words)).toEqual(shape(words_by_language.en))
})

it.each(tables)('%s: words are lower case, not empty, and mean one thing within a table', (_, words) => {
  for (const list of lists(words)) {
    expect(list.length).toBeGreaterThan(0)
    for (const word of list) expect(word).toBe(word.trim().toLowerCase())
    expect(list).not.toContain('')
  }
  for (const meanings of [words.objections, ...Object.values(words.answers)]) {
    const all = lists(meanings).flat()
    expect(new Set(all).size).toBe(all.length)
  }
})
