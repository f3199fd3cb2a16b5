import { expect, it } from 'vitest'
import { ear_for, type Heard, language_of_tag } from '../../../operators/core/hear-text.ts'

const hear = (language: string, text: string) => ear_for(language)?.(text)
const NOTHING: Heard = { technical: false, objection: null, resolved: false, mood: null, answers: [] }

it.each<[language: string, text: string, heard: Partial<Heard>]>([
  ['en', 'Hello there', {}],
  ['en', 'What is the efficiency of the panels?', { technical: true }],
  ['en', 'how long does the battery last', { technical: true }],
  // It asks nothing; and it is not technical.
  ['en', 'The panels look fine.', {}],
  ['en', 'What is your name?', {}],
  ['en', 'I can’t afford it, it is TOO EXPENSIVE', { objection: 'price' }],
  ['en', 'I can’t afford it', { objection: 'price' }],
  ['en', 'Sounds like a scam.', { objection: 'trust' }],
  ['en', 'Fair enough.', { resolved: true }],
  ['en', 'That is great!', { mood: 1 }],
  ['en', 'This is a waste of time', { mood: -1 }],
  // Says both: no guess.
  ['en', 'Great panels, terrible service', {}],
  // A word within a word is another word.
  ['en', 'I greatly like the scampi', {}],
  [
    'en',
    'My co-op, this year',
    {
      answers: [
        ['property_type', 'co_op'],
        ['install_timeline', 'this_year'],
      ],
    },
  ],
  ['es', '¿Qué garantía tienen las baterías?', { technical: true }],
  ['es', 'que garantia tienen las baterias', { technical: true }],
  ['es', 'Es demasiado caro', { objection: 'price' }],
  ['es', 'Tengo que pensarlo', { objection: 'delay' }],
  ['es', 'Ahora lo entiendo', { resolved: true }],
  ['es', 'Me encanta', { mood: 1 }],
  ['es', 'Una pérdida de tiempo', { mood: -1 }],
  [
    'es',
    'Vivo en un piso, lo quiero cuanto antes',
    {
      answers: [
        ['property_type', 'condo'],
        ['install_timeline', 'soon'],
      ],
    },
  ],
  // What is negated is not meant, whatever stands between.
  ['en', 'It is not too expensive', {}],
  ['en', 'I don’t think it’s too expensive', {}],
  ['en', 'No, too expensive', { objection: 'price' }],
  ['en', 'I do not know. Too expensive!', { objection: 'price' }],
  ['en', 'I am not ready yet', { objection: 'delay' }],
  ['en', 'Not happy with that', { mood: -1 }],
  ['en', 'It is not a condo', {}],
  ['en', 'We do not want it this year, next year perhaps', { answers: [['install_timeline', 'next_year']] }],
  ['es', 'No es muy caro', {}],
  ['es', 'No es el momento', { objection: 'delay' }],
  // What is asked is no answer; what is said beside it is.
  ['en', 'Is the roof leaking this month?', { technical: true }],
  ['en', 'is the roof leaking this month', { technical: true }],
  ['en', 'Does it fit a condo? Mine is a brownstone.', { answers: [['property_type', 'single_family']] }],
  ['es', '¿Vale para un piso?', {}],
  // Words of another language are none.
  ['es', 'That is too expensive', {}],
  ['en', 'Es demasiado caro', {}],
])('%s: %s', (language, text, heard) => {
  expect(hear(language, text)).toEqual({ ...NOTHING, ...heard })
})

it('does not guess at a language without words, or at a name that every object has', () => {
  for (const language of ['ja', '', 'constructor', 'toString', '__proto__'])
    expect(ear_for(language)).toBeUndefined()
})

it('takes the language of a tag', () => {
  expect(['en', 'es-MX', 'ES_mx', ' En ', 'zh-Hans', '', '1', 'espero'].map(language_of_tag)).toEqual([
    'en',
    'es',
    'es',
    'en',
    'zh',
    '',
    '',
    'espero',
  ])
})
