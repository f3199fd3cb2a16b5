/**
 * Decides: how the next question and a draft of a reply are worded, by language.
 * Because: who holds the conversation can read, dispute and change a table; a language more is one more table.
 * Keeps: nothing.
 * When late, twice, missing: a language without a table gets English phrases.
 * Limits: phrases name no date, price or saving: such claims come from the catalog alone, with their source and days.
 */
import type { Asked } from './conversation-policy.ts'

export interface Phrases {
  /** How to ask for what is not known. */
  readonly questions: Readonly<Record<Asked, string>>
  /** Answers to an open objection by kind; `other` where the kind is not known. */
  readonly objections: Readonly<Record<string, string>> & { readonly other: string }
  /** To a technical question; of property types that have a question of their own, that behind it. */
  readonly technical: string
  readonly property: Readonly<Record<string, string>>
  /** Offered when nothing is left to ask. */
  readonly next_step: string
  readonly explain: string
  readonly thanks: string
  /** Where there is nothing to answer, to say or to ask. */
  readonly noted: string
}

const english: Phrases = {
  questions: {
    homeowner_verified: 'Do you own your home?',
    bill_amount_minor: 'How much is your monthly bill, roughly?',
    install_timeline: 'What is your timeline for the installation?',
    property_type: 'What kind of property is it: a house, a condo, a co-op?',
    zip_code: 'What is your ZIP code?',
    credit_signal: 'Have you looked at financing, or been pre-qualified for it?',
    decision_role: 'Who else takes part in the decision?',
    comparing_offers: 'Are you comparing other offers?',
  },
  objections: {
    price: 'I understand that the price matters. Let us look at the figures of comparable customers.',
    trust: 'That is a fair concern. I can show you how it went for comparable customers.',
    delay: 'Take the time you need. Let us see what has to be decided first.',
    effort: 'I understand. Let us go through the steps, so that you know what to expect.',
    rival: 'It is good to compare. Let us put both offers side by side.',
    other: 'I understand your concern. Let us look at the figures of comparable customers.',
  },
  technical: 'Good question. Let me answer it in detail.',
  property: { co_op: 'Do you have any questions about the approval by the co-op board?' },
  next_step: 'Shall we agree on a date for the next step?',
  explain: 'Shall I explain how the installation works on your property?',
  thanks: 'Thank you. That is all I need to know for now.',
  noted: 'Thank you, I have made a note of that.',
}

const spanish: Phrases = {
  questions: {
    homeowner_verified: '¿Es usted propietario de su vivienda?',
    bill_amount_minor: '¿De cuánto es su factura mensual, aproximadamente?',
    install_timeline: '¿Para cuándo querría la instalación?',
    property_type: '¿Qué tipo de vivienda es: una casa, un piso, una cooperativa?',
    zip_code: '¿Cuál es su código postal?',
    credit_signal: '¿Ha mirado opciones de financiación, o se la han preaprobado?',
    decision_role: '¿Quién más participa en la decisión?',
    comparing_offers: '¿Está comparando otras ofertas?',
  },
  objections: {
    price: 'Entiendo que el precio importa. Veamos las cifras de clientes comparables.',
    trust: 'Es una duda razonable. Puedo mostrarle cómo les fue a clientes comparables.',
    delay: 'Tómese el tiempo que necesite. Veamos qué hay que decidir primero.',
    effort: 'Lo entiendo. Repasemos los pasos, para que sepa qué esperar.',
    rival: 'Comparar es buena idea. Pongamos las dos ofertas una al lado de la otra.',
    other: 'Entiendo su duda. Veamos las cifras de clientes comparables.',
  },
  technical: 'Buena pregunta. Se la respondo en detalle.',
  property: { co_op: '¿Tiene alguna pregunta sobre la aprobación de la junta de la cooperativa?' },
  next_step: '¿Acordamos una fecha para el siguiente paso?',
  explain: '¿Le explico cómo se hace la instalación en su vivienda?',
  thanks: 'Gracias. De momento no necesito saber nada más.',
  noted: 'Gracias, tomo nota.',
}

/** By language tag, without region. */
export const phrases_by_language: Readonly<Record<string, Phrases>> = { en: english, es: spanish }
const FALLBACK = 'en'

/** Of the language, else English; and which it is. */
export const phrases_for = (language: string): readonly [language: string, phrases: Phrases] =>
  Object.hasOwn(phrases_by_language, language)
    ? [language, phrases_by_language[language] as Phrases]
    : [FALLBACK, english]
