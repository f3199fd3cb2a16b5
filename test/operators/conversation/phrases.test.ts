import { expect, it } from 'vitest'
import { ASKED } from '../../../operators/conversation/conversation-policy.ts'
import { phrases_by_language, phrases_for } from '../../../operators/conversation/phrases.ts'
import { words_by_language } from '../../../operators/core/words.ts'

const texts_of = (value: unknown): string[] =>
  typeof value === 'string' ? [value] : Object.values(value as object).flatMap(texts_of)

it('every language that is heard is spoken, completely', () => {
  expect(Object.keys(phrases_by_language)).toEqual(Object.keys(words_by_language))
  const shape = (value: unknown): unknown =>
    typeof value === 'string'
      ? 0
      : Object.entries(value as object).map(([name, inner]) => [name, shape(inner)])
  for (const phrases of Object.values(phrases_by_language)) {
    expect(shape(phrases)).toEqual(shape(phrases_by_language.en))
    expect(Object.keys(phrases.questions)).toEqual(ASKED)
  }
})

it('each kind of objection that is heard has an answer', () => {
  for (const [language, words] of Object.entries(words_by_language))
    expect(Object.keys(phrases_by_language[language]?.objections ?? {})).toEqual([
      ...Object.keys(words.objections),
      'other',
    ])
})

it('phrases name no date, price or saving: such claims come from the catalog', () => {
  const dated = /\d|%|[$€£]|expire|tax|save|saving|vence|caduca|impuesto|ahorr/i
  for (const text of texts_of(phrases_by_language)) expect(text).not.toMatch(dated)
})

it('an unknown language is spoken to in English', () => {
  for (const language of ['ja', '', 'constructor']) expect(phrases_for(language)[0]).toBe('en')
  expect(phrases_for('es')[1].questions.zip_code).toBe('¿Cuál es su código postal?')
})
