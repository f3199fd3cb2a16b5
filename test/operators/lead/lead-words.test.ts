import { expect, it } from 'vitest'
import { default_lead_policy } from '../../../operators/lead/lead-policy.ts'
import { said_in_text, synonyms } from '../../../operators/lead/lead-words.ts'

it('every synonym and every word in a text means something that the table knows', () => {
  const tables: Readonly<Record<string, object>> = { ...default_lead_policy } as never
  for (const [signal, meanings] of Object.entries(synonyms))
    for (const meaning of Object.values(meanings)) expect(tables[signal]).toHaveProperty(meaning)
  for (const [signal, lexicon] of Object.entries(said_in_text))
    for (const meaning of Object.keys(lexicon)) expect(tables[signal]).toHaveProperty(meaning)
})

it('no word means two things', () => {
  for (const lexicon of Object.values(said_in_text)) {
    const words = Object.values(lexicon).flat()
    expect(new Set(words).size).toBe(words.length)
  }
})
