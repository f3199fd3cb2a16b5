import { expect, it } from 'vitest'
import { words_by_language } from '../../../operators/core/words.ts'
import { default_lead_policy } from '../../../operators/lead/lead-policy.ts'
import { synonyms } from '../../../operators/lead/lead-words.ts'

it('every synonym and every word in a text means something that the table knows', () => {
  const tables: Readonly<Record<string, object>> = { ...default_lead_policy } as never
  for (const [signal, meanings] of Object.entries(synonyms))
    for (const meaning of Object.values(meanings)) expect(tables[signal]).toHaveProperty(meaning)
  for (const { answers } of Object.values(words_by_language))
    for (const [signal, lexicon] of Object.entries(answers))
      for (const meaning of Object.keys(lexicon)) expect(tables[signal]).toHaveProperty(meaning)
})

it('no word means two things', () => {
  for (const lexicon of Object.values(words_by_language).flatMap(({ answers }) => Object.values(answers))) {
    const words = Object.values(lexicon).flat()
    expect(new Set(words).size).toBe(words.length)
  }
})
