/**
 * The three businesses of the demo: what they sell, where, to whom, and how people find them. docs/DEMO.md
 * tells the story.
 */

export interface Campaign {
  readonly name: string | null
  readonly channel: string
  /** Share of visitors. */
  readonly weight: number
  /** How good its visitors are on average, 0 to 1. */
  readonly quality: number
  /** What a visit costs. */
  readonly cost_minor: number
}

export interface Product {
  readonly id: string
  readonly name: string
  readonly price_minor: number
  readonly weight: number
}

export interface Tenant {
  readonly id: string
  readonly name: string
  readonly kind: 'leads' | 'software' | 'shop'
  readonly currency: string
  readonly zone: string
  readonly country: string
  readonly language: string
  /** On an average day at the origin. */
  readonly visitors_per_day: number
  /** Growth of visitors per day. */
  readonly growth_ratio: number
  /** Weight of the hours 0, 2, 4 … 22 of the local day. */
  readonly hours: readonly number[]
  /** Weight of Sunday … Saturday. */
  readonly weekdays: readonly number[]
  readonly campaigns: readonly Campaign[]
  readonly products: readonly Product[]
  readonly methods: readonly { readonly method: string; readonly weight: number }[]
}

const campaign = (
  channel: string,
  name: string | null,
  weight: number,
  quality: number,
  cost_minor: number,
): Campaign => ({ channel, name, weight, quality, cost_minor })

const product = (id: string, name: string, price_minor: number, weight: number): Product => ({
  id,
  name,
  price_minor,
  weight,
})

export const tenants: readonly Tenant[] = [
  {
    id: 'albasol',
    name: 'Albasol',
    kind: 'leads',
    currency: 'EUR',
    zone: 'Europe/Berlin',
    country: 'DE',
    // What its conversations are written in, but for those who speak Spanish.
    language: 'en',
    visitors_per_day: 300,
    growth_ratio: 0.004,
    hours: [2, 1, 1, 4, 8, 10, 9, 9, 11, 13, 10, 5],
    weekdays: [1.15, 0.95, 0.95, 0.95, 0.95, 0.9, 1.15],
    campaigns: [
      campaign('search', 'solar-rechner', 30, 0.62, 240),
      campaign('social', 'dach-check', 24, 0.38, 95),
      campaign('email', 'newsletter', 12, 0.55, 4),
      campaign('partner', 'energieberater', 10, 0.72, 420),
      campaign('display', 'sonne-statt-strom', 12, 0.22, 60),
      campaign('organic', null, 12, 0.5, 0),
    ],
    products: [
      product('survey', 'Roof survey', 19_900, 70),
      product('survey-plus', 'Roof survey with storage plan', 34_900, 30),
    ],
    methods: [
      { method: 'card', weight: 45 },
      { method: 'sepa', weight: 35 },
      { method: 'paypal', weight: 20 },
    ],
  },
  {
    id: 'brightdesk',
    name: 'Brightdesk',
    kind: 'software',
    currency: 'USD',
    zone: 'America/New_York',
    country: 'US',
    language: 'en',
    visitors_per_day: 400,
    growth_ratio: 0.006,
    hours: [2, 1, 1, 3, 10, 14, 13, 13, 12, 7, 5, 3],
    weekdays: [0.45, 1.25, 1.3, 1.3, 1.2, 1.05, 0.45],
    campaigns: [
      campaign('search', 'helpdesk-software', 28, 0.58, 310),
      campaign('content', 'support-playbook', 20, 0.48, 35),
      campaign('social', 'founders', 16, 0.32, 120),
      campaign('email', 'trial-nurture', 10, 0.66, 3),
      campaign('partner', 'marketplace', 10, 0.7, 260),
      campaign('organic', null, 16, 0.5, 0),
    ],
    products: [
      product('starter', 'Starter', 2_900, 55),
      product('team', 'Team', 9_900, 33),
      product('business', 'Business', 29_900, 12),
    ],
    methods: [
      { method: 'card', weight: 82 },
      { method: 'ach', weight: 18 },
    ],
  },
  {
    id: 'komorebi',
    name: 'Komorebi Tea',
    kind: 'shop',
    currency: 'JPY',
    zone: 'Asia/Tokyo',
    country: 'JP',
    language: 'ja',
    visitors_per_day: 720,
    growth_ratio: 0.003,
    hours: [4, 1, 1, 4, 7, 8, 11, 8, 8, 11, 15, 12],
    weekdays: [1.3, 0.85, 0.85, 0.9, 0.95, 1, 1.25],
    campaigns: [
      campaign('search', 'sencha', 26, 0.55, 38),
      campaign('social', 'tea-moments', 26, 0.4, 22),
      campaign('email', 'seasonal', 14, 0.68, 1),
      campaign('affiliate', 'tea-blogs', 10, 0.5, 45),
      campaign('display', 'spring-harvest', 10, 0.2, 12),
      campaign('organic', null, 14, 0.52, 0),
    ],
    products: [
      product('sencha-100', 'Sencha 100 g', 1_480, 40),
      product('gyokuro-50', 'Gyokuro 50 g', 2_980, 20),
      product('matcha-30', 'Matcha 30 g', 2_160, 25),
      product('kyusu', 'Kyusu teapot', 6_800, 10),
      product('gift-box', 'Gift box', 9_800, 5),
    ],
    methods: [
      { method: 'card', weight: 55 },
      { method: 'wallet', weight: 30 },
      { method: 'konbini', weight: 15 },
    ],
  },
]

/** Boroughs that leads come from, with how easy solar is to sell there: what the catalog tells the scores. */
export const markets: readonly {
  readonly id: string
  readonly zip: string
  readonly weight: number
  readonly indexes: readonly [adoption: number, income: number, supply: number, season: number]
  readonly revenue_ratio: number
}[] = [
  { id: 'pankow', zip: '13187', weight: 24, indexes: [0.7, 0.6, 0.5, 0.6], revenue_ratio: 1.05 },
  { id: 'spandau', zip: '13585', weight: 18, indexes: [0.5, 0.45, 0.7, 0.6], revenue_ratio: 0.95 },
  { id: 'koepenick', zip: '12555', weight: 20, indexes: [0.8, 0.55, 0.6, 0.65], revenue_ratio: 1.1 },
  { id: 'zehlendorf', zip: '14163', weight: 14, indexes: [0.85, 0.9, 0.6, 0.6], revenue_ratio: 1.25 },
  { id: 'reinickendorf', zip: '13437', weight: 14, indexes: [0.55, 0.5, 0.65, 0.6], revenue_ratio: 1 },
  { id: 'neukoelln', zip: '12043', weight: 10, indexes: [0.35, 0.35, 0.4, 0.6], revenue_ratio: 0.85 },
]

export interface LeadBuyer {
  readonly id: string
  readonly tier: 'premium' | 'standard' | 'volume'
  readonly hourly_cap?: number
  readonly daily_cap: number
  /** Boroughs, those it likes best first; everywhere, without. */
  readonly areas?: readonly string[]
  /** Share of the leads it takes, of people as good as can be and as bad. */
  readonly takes: readonly [best: number, worst: number]
}

/** Companies that buy leads: each has boroughs of its own, and the last takes what the others do not. */
export const buyers: readonly LeadBuyer[] = [
  {
    id: 'helios-premium',
    tier: 'premium',
    hourly_cap: 8,
    daily_cap: 36,
    areas: ['zehlendorf', 'koepenick'],
    takes: [0.97, 0.4],
  },
  {
    id: 'dachkraft',
    tier: 'standard',
    daily_cap: 45,
    areas: ['pankow', 'reinickendorf'],
    takes: [0.96, 0.55],
  },
  { id: 'stromwerk', tier: 'standard', daily_cap: 24, areas: ['spandau'], takes: [0.94, 0.5] },
  { id: 'solar-direkt', tier: 'volume', daily_cap: 60, takes: [0.98, 0.7] },
]
