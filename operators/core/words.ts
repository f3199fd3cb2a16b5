/**
 * Words by language in which leads ask technical questions, object, are content or annoyed, and answer questions by the way.
 * A language more is one more table here (in lower case; accents do not matter), and its phrases in
 * operators/conversation/phrases.ts.
 */

type Meanings = Readonly<Record<string, readonly string[]>>

export interface Words {
  /** A text that asks and holds one of them is a technical question. */
  readonly technical: readonly string[]
  /** A text that begins with one of them asks, also without a question mark. */
  readonly asking: readonly string[]
  /** Behind one of them, up to three words on, the opposite is meant: what follows is not heard. */
  readonly negating: readonly string[]
  /** What is objected to, by kind. */
  readonly objections: Meanings
  /** The objection is off the table. */
  readonly resolved: readonly string[]
  readonly content: readonly string[]
  readonly annoyed: readonly string[]
  /** Fact → meaning → words. */
  readonly answers: Readonly<Record<'property_type' | 'install_timeline', Meanings>>
}

/** Separated by commas. */
const list = (text: string): readonly string[] => text.split(',').map(word => word.trim())

const english: Words = {
  technical: list(`
    inverter, inverters, panel, panels, battery, batteries, storage, kilowatt, kilowatts, kwh, kw, watts,
    voltage, efficiency, degradation, net metering, grid, wiring, warranty, maintenance, lifespan, permit,
    permits, roof, shading, shade, orientation, mounting, power outage, power is out, blackout,
    installation work, technical, specification, specifications, compatible, integration, integrate
  `),
  asking: list(`how, what, which, why, when, where, is, are, does, do, can, could, will, would`),
  negating: list(`
    not, never, hardly, no longer, isn't, aren't, wasn't, weren't, don't, doesn't, didn't, won't, wouldn't, can't, cannot
  `),
  objections: {
    price: list(`
      too expensive, so expensive, too much money, cannot afford, can't afford, more than i expected,
      over budget, too pricey
    `),
    trust: list(`scam, do not trust, don't trust, bad reviews, too good to be true, had trouble with`),
    delay: list(`not the right time, not ready yet, need to think, not sure yet, call me later, no rush`),
    effort: list(`too complicated, too much hassle, too much paperwork, takes too long`),
    rival: list(`cheaper elsewhere, better offer, cheaper offer, another quote is lower`),
  },
  resolved: list(`
    that makes sense, fair enough, that helps, that answers my question, i understand now,
    sounds reasonable, good point
  `),
  content: list(`
    great, perfect, excellent, wonderful, love it, sounds good, happy with
  `),
  annoyed: list(`
    terrible, awful, annoying, frustrating, disappointed, useless, waste of time, angry, ridiculous,
    not happy, not good, stop calling
  `),
  answers: {
    property_type: {
      co_op: list(`co-op, coop, cooperative`),
      condo: list(`condo, condominium`),
      single_family: list(`single-family, single family, brownstone, townhouse, detached house`),
    },
    install_timeline: {
      soon: list(`as soon as possible, asap, right away, this month, next month`),
      this_year: list(`this year`),
      next_year: list(`next year`),
      exploring: list(`just looking, just browsing`),
    },
  },
}

const spanish: Words = {
  technical: list(`
    inversor, inversores, panel, paneles, placa, placas, batería, baterías, almacenamiento, kilovatio,
    kilovatios, kwh, kw, voltaje, tensión, rendimiento, eficiencia, degradación, excedentes, autoconsumo,
    cableado, garantía, mantenimiento, vida útil, licencia, permiso, permisos, tejado, azotea, sombra,
    sombras, orientación, estructura, corte de luz, apagón, técnico, técnica, especificaciones, compatible,
    integración
  `),
  asking: list(`cómo, qué, cuál, cuáles, por qué, cuándo, cuánto, cuánta, dónde, se puede, hay, tienen`),
  negating: list(`no, nunca, tampoco, ni, ya no`),
  objections: {
    price: list(`
      muy caro, demasiado caro, es caro, no puedo pagar, más de lo que esperaba, fuera de presupuesto
    `),
    trust: list(`estafa, no me fío, desconfío, malas opiniones, demasiado bonito, tuvo problemas con`),
    delay: list(`
      no es el momento, tengo que pensarlo, no estoy seguro, no estoy segura, más adelante, sin prisa
    `),
    effort: list(`muy complicado, demasiado complicado, demasiado papeleo, tarda demasiado`),
    rival: list(`más barato en, mejor oferta, oferta más barata, otro presupuesto más bajo`),
  },
  resolved: list(`
    tiene sentido, me parece justo, eso ayuda, ahora lo entiendo, me queda claro, de acuerdo entonces
  `),
  content: list(`
    genial, perfecto, excelente, estupendo, me encanta, suena bien, contento, contenta
  `),
  annoyed: list(`
    terrible, horrible, pesado, frustrante, decepcionado, decepcionada, inútil, pérdida de tiempo,
    enfadado, enfadada, ridículo, dejen de llamar
  `),
  answers: {
    property_type: {
      co_op: list(`cooperativa, co-op`),
      condo: list(`piso, apartamento, condominio`),
      single_family: list(`casa unifamiliar, unifamiliar, chalet, casa adosada, adosado`),
    },
    install_timeline: {
      soon: list(`cuanto antes, lo antes posible, ya mismo, este mes, el mes que viene, el próximo mes`),
      this_year: list(`este año`),
      next_year: list(`el año que viene, el próximo año`),
      exploring: list(`solo estoy mirando, solo mirando`),
    },
  },
}

/** By language tag, without region. */
export const words_by_language: Readonly<Record<string, Words>> = { en: english, es: spanish }
