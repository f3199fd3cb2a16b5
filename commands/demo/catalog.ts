/**
 * What the catalog says of the demo's business: tenants, markets, products, goals, rates of exchange, who buys leads,
 * where and how many, what a score is worth with them, what may be said to leads and until when, and from how many
 * conversations advice is held back.
 */
import type { Buyer, Catalog } from '../../schemas/catalog-kinds.ts'
import { days } from '../../schemas/units.ts'
import { buyers, type LeadBuyer, markets, tenants } from './tenants.ts'

type Kind = Exclude<keyof Catalog, 'imports' | 'alert_rules'>

export interface CatalogRow {
  readonly event_id: string
  readonly tenant_id: string
  readonly occurred_at: number
  readonly kind: string
  readonly id: string
  readonly effective_at: number
  readonly revision: number
  readonly body: string
}

/** Leads a day: about what comes on an average day, so that a busy one is scarce and prices surge. */
const TIERS: Readonly<Record<string, Catalog['buyer_tiers']>> = {
  premium: { base_minor: 25_000, daily_capacity: 18 },
  standard: { base_minor: 12_500, daily_capacity: 34 },
  volume: { base_minor: 7_500, daily_capacity: 30 },
  direct: { base_minor: 18_000, daily_capacity: 12 },
}

/** Revenue of the first 30 days: near what comes, so that it is open whether they are reached. */
const GOALS_MINOR = { leads: 24_000_000, software: 22_000_000, shop: 18_000_000 }
/** What is not between these two currencies goes by way of the dollar. */
const RATES: Readonly<Record<string, string>> = { 'EUR|USD': '1.0845', 'USD|JPY': '151.2' }

/** Share of the conversations that get no such advice, so that its effect can be told from what would have come anyway. */
const HELD_OUT = { create_urgency: 0.2, fill_gaps: 0.1 }

/** Being at home is worth as much as a hundred points of acceptance. */
const ROUTING: Catalog['routing_policies'] = {
  version: 'albasol-routing-1',
  score: 'v1',
  table: { weights: { geographic_match: 1 } },
}

/** By what the companies took in the months before: a better score is taken more often. */
const LEAD_POLICY: Catalog['lead_policies'] = {
  version: 'albasol-lead-1',
  base: 'lead-1',
  reason: 'lead-1, calibrated by what the companies took before',
  calibration: [
    [0, 0.55],
    [50, 0.7],
    [70, 0.8],
    [90, 0.93],
  ],
}

/** One runs out in the third week, one holds for longer than the demo; days are those of the origin and behind. */
const claims_from = (
  tenant_id: string,
  day: (of_origin: number) => string,
): Readonly<Record<string, Catalog['claims']>> => ({
  'spring-plan': {
    tenant_id,
    text: {
      en: `Until ${day(13)} the storage plan comes free with a roof survey.`,
      es: `Hasta el ${day(13)} el plan de almacenamiento es gratuito con el estudio del tejado.`,
    },
    source: 'Albasol price list, spring edition, page 2',
    from_day: day(-14),
    to_day: day(14),
  },
  'roofs-in-pankow': {
    tenant_id,
    text: {
      en: 'In Pankow our companies fitted 120 roofs last year.',
      es: 'En Pankow nuestras empresas equiparon 120 tejados el año pasado.',
    },
    source: 'Albasol register of installations',
    from_day: day(-14),
    to_day: day(180),
    about: { borough: 'pankow' },
  },
})

const QUALITIES = ['premium', 'standard', 'basic'] as const

/**
 * Of every quality that is sold, and at home in all its boroughs; who buys everywhere is at home nowhere. So where a lead is decides
 * whose it is first, as the companies of conversations.ts answer: nobody there knows what was decided here.
 */
const buyer_of = ({ id, takes: [best, worst], areas, ...buyer }: LeadBuyer): Buyer => ({
  buyer_id: id,
  ...buyer,
  qualities: QUALITIES,
  zone: 'Europe/Berlin',
  ...(areas && { areas }),
  preferred_areas: areas ?? [],
  acceptance_prior: (best + worst) / 2,
})

/** Valid from the origin on; the same rows for the same origin. */
export const catalog_rows = (origin_ms: number): CatalogRow[] => {
  const entry = <K extends Kind>(tenant_id: string, kind: K, id: string, body: Catalog[K]): CatalogRow => ({
    event_id: `demo-${kind}-${id}`,
    tenant_id,
    occurred_at: origin_ms,
    kind,
    id,
    effective_at: origin_ms,
    revision: 0,
    body: JSON.stringify(body),
  })
  const days_on = (n: number) => new Date(origin_ms + days(n)).toISOString().slice(0, 10)
  const goal = ({ id, currency }: (typeof tenants)[number], target: number): CatalogRow => {
    const span = { from_day: days_on(0), to_day: days_on(30) }
    return entry(id, 'goals', `${id}-30-days`, {
      tenant_id: id,
      metric: 'revenue',
      currency,
      target,
      ...span,
    })
  }
  const leads = tenants.find(({ kind }) => kind === 'leads')?.id ?? '*'
  const claims = claims_from(leads, days_on)
  return [
    ...tenants.map(({ id, name, zone, currency }) => entry(id, 'tenants', id, { name, zone, currency })),
    ...tenants.flatMap(tenant =>
      tenant.products.map(({ id, name, price_minor }) =>
        entry(tenant.id, 'products', id, { name, price_minor, currency: tenant.currency }),
      ),
    ),
    ...markets.map(({ id, indexes, revenue_ratio }) => {
      const [adoption_index, income_index, supply_index, season_index] = indexes
      const body = { adoption_index, income_index, supply_index, season_index, revenue_ratio }
      return entry(leads, 'markets', id, body)
    }),
    ...tenants.map(tenant => goal(tenant, GOALS_MINOR[tenant.kind])),
    ...Object.entries(RATES).map(([id, rate]) => entry('*', 'fx_rates', id, { rate })),
    ...Object.entries(TIERS).map(([id, body]) => entry(leads, 'buyer_tiers', id, body)),
    entry(leads, 'buyers', leads, { buyers: buyers.map(buyer_of) }),
    entry(leads, 'routing_policies', leads, ROUTING),
    entry(leads, 'lead_policies', leads, LEAD_POLICY),
    ...Object.entries(claims).map(([id, body]) => entry(leads, 'claims', id, body)),
    entry(leads, 'conversation_policies', leads, {
      version: 'albasol-1',
      table: { held_out_ratio: HELD_OUT, claims: ['roofs-in-pankow', 'spring-plan'] },
    }),
  ]
}
