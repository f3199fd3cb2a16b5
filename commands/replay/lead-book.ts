/**
 * What became of each lead in one course of a replay: its last score, its last price, and its first sale. The first sale,
 * since whether there was a second one hangs on what the first buyer answered. What is expected of a sale is price ×
 * acceptance in both courses by one measure: what the recorded course thought of this buyer and this lead. The other course
 * learns from fewer answers, and by its own estimate a buyer of whom it has not heard the refusals would look better than it
 * is; and a lead does not become another one by being scored otherwise.
 */
import type avsc from 'avsc'
import { exact_type } from '../../runtime/avro/exact-type.ts'
import { tenant_of } from '../../runtime/keys.ts'
import type { Output } from '../../runtime/ports.ts'
import type { Stretch } from '../../runtime/replay-compare.ts'
import { definitions } from '../../schemas/definitions.ts'
import type { Lead, LeadScore, Price, Route, RouteOutcome } from '../../schemas/types.ts'

/** To whom a lead was to go first, for how much. */
export interface Sale {
  readonly decision_id: string
  readonly buyer_id: string
  /** Of the lead, when it was decided. */
  readonly quality: string
  readonly price_minor: number
  /** That the buyer takes it, by the recorded course's measure. */
  readonly acceptance: number
  readonly expected_minor: number
}

export interface LeadCourse {
  score: number
  tier: LeadScore['quality_tier']
  /** Where the lead is, as far as it said so. */
  area: string
  currency: string
  /** Of the last price row; 0: not for sale. */
  price_minor: number
  buyer_tier: string | null
  sale: Sale | null
}

/** A lead that a buyer was given: the decision's name, and which lead it was, which attempt, to whom, for how much. */
export interface Reserved {
  readonly decision_id: string
  readonly sale: string
}

interface Estimate {
  readonly at_ms: number
  readonly probability: number
}
const ESTIMATES_MOST = 1000
const MILLION = 1_000_000n

const TOPICS = ['lead_scores', 'leads', 'prices', 'routes', 'route_outcomes'] as const
type Topic = (typeof TOPICS)[number]
const PREFIX_BYTES = 5

export class LeadBook {
  /** By tenant, customer and conversation. */
  readonly leads = new Map<string, LeadCourse>()
  /** Policy versions that rows of the stretch name, by topic. */
  readonly versions: Readonly<Record<'lead_scores' | 'prices' | 'routes', Set<string>>> = {
    lead_scores: new Set(),
    prices: new Set(),
    routes: new Set(),
  }
  readonly #stretch: Stretch
  readonly #types: ReadonlyMap<string, avsc.Type>
  /** Everything ever reserved, by tenant and customer. */
  readonly #reserved = new Map<string, Reserved[]>()
  readonly #measure: LeadBook | null
  readonly #known = new Map<string, Estimate[]>()
  /** By lead and buyer, the newest. */
  readonly #known_of_lead = new Map<string, Map<string, number>>()
  /** Last answer to a decision. */
  readonly #answers = new Map<string, RouteOutcome['outcome']>()

  /** measure: the book that knows the buyers; null: this one does. */
  constructor(stretch: Stretch, measure: LeadBook | null = null) {
    this.#stretch = stretch
    this.#measure = measure
    const schemas: Readonly<Record<string, object>> = definitions
    this.#types = new Map(TOPICS.map(topic => [topic, exact_type(schemas[topic] as object)]))
  }

  take(outputs: readonly Output[]): void {
    for (const { topic, key, value } of outputs) {
      const type = this.#types.get(topic)
      if (!type || !key || !value) continue
      const row: unknown = type.fromBuffer(value.subarray(PREFIX_BYTES))
      this.#row(topic as Topic, tenant_of(key.toString('utf8')), row)
    }
  }

  #row(topic: Topic, tenant: string, row: unknown): void {
    if (topic === 'route_outcomes') {
      const { decision_id, outcome } = row as RouteOutcome
      if (decision_id !== null) this.#answers.set(`${tenant}\n${decision_id}`, outcome)
      return
    }
    if (topic === 'routes') {
      this.#note_reserved(tenant, row as Route)
      this.#note_estimates(tenant, row as Route)
    }
    const { occurred_at } = row as Lead
    const { from_ms, to_ms, tenant: only } = this.#stretch
    if (occurred_at < from_ms || occurred_at >= to_ms || (only !== null && only !== tenant)) return
    const id = lead_id(tenant, row as Lead)
    const lead = this.leads.get(id) ?? unknown_lead()
    this.leads.set(id, lead)
    if (topic === 'lead_scores') this.#scored(lead, row as LeadScore)
    else if (topic === 'leads') lead.area = area_of(row as Lead)
    else if (topic === 'prices') this.#priced(lead, row as Price)
    else this.#routed(id, lead, row as Route)
  }

  #scored(lead: LeadCourse, { total_score, quality_tier, policy_version }: LeadScore): void {
    this.versions.lead_scores.add(policy_version)
    lead.score = total_score
    lead.tier = quality_tier
  }

  #priced(lead: LeadCourse, { currency, price_minor, buyer_tier, policy_version }: Price): void {
    this.versions.prices.add(policy_version)
    lead.currency = currency
    lead.price_minor = price_minor
    lead.buyer_tier = buyer_tier
  }

  #routed(id: string, lead: LeadCourse, row: Route): void {
    // What becomes of a decision later is told under the policy that decided.
    if (is_decision(row)) this.versions.routes.add(row.policy_version)
    lead.currency = row.currency
    if (row.status !== 'reserved' || lead.sale || row.buyer_id === null) return
    const { buyer_id, price_minor, event_id, quality_tier: quality } = row
    const decision_id = row.decision_id ?? event_id
    const twin = this.#measure?.leads.get(id)?.sale
    const known =
      twin?.buyer_id === buyer_id
        ? twin.acceptance
        : this.#measure?.acceptance_of(id, buyer_id, quality, row.occurred_at)
    const acceptance = known ?? row.acceptance_probability
    const expected_minor = share_of(price_minor, acceptance)
    lead.sale = { decision_id, buyer_id, quality, price_minor, acceptance, expected_minor }
  }

  /** What a decision says of its buyers: all that could have had the lead are named in it. */
  #note_estimates(tenant: string, row: Route): void {
    if (this.#measure || !is_decision(row)) return
    const of_lead = new Map(this.#known_of_lead.get(lead_id(tenant, row)))
    this.#known_of_lead.set(lead_id(tenant, row), of_lead)
    const note = (buyer_id: string, probability: number): void => {
      of_lead.set(buyer_id, probability)
      const id = [tenant, buyer_id, row.quality_tier].join('\n')
      const known = this.#known.get(id) ?? []
      this.#known.set(id, known)
      known.push({ at_ms: row.occurred_at, probability })
      // Both courses are at the same place of the log: what is long past is not asked for.
      if (known.length > ESTIMATES_MOST) known.splice(0, ESTIMATES_MOST / 2)
    }
    for (const { buyer_id, price_minor, expected_revenue_minor } of row.alternatives)
      if (price_minor > 0) note(buyer_id, expected_revenue_minor / price_minor)
    if (row.buyer_id !== null) note(row.buyer_id, row.acceptance_probability)
  }

  /**
   * 0 to 1: that the buyer takes this lead, as last told of both; where the buyer was no choice for it, that it takes a lead of
   * this quality, as last told at the instant; null where nothing was told.
   */
  acceptance_of(id: string, buyer_id: string, quality: string, at_ms: number): number | null {
    const of_lead = this.#known_of_lead.get(id)?.get(buyer_id)
    if (of_lead !== undefined) return of_lead
    const known = this.#known.get([tenant_of(id), buyer_id, quality].join('\n')) ?? []
    return (known.findLast(one => one.at_ms <= at_ms) ?? known[0])?.probability ?? null
  }

  #note_reserved(tenant: string, row: Route): void {
    if (row.status !== 'reserved') return
    const id = `${tenant}\n${row.customer_id}`
    const known = this.#reserved.get(id) ?? []
    const { conversation_id, attempt, buyer_id, price_minor, decision_id, event_id } = row
    const sale = JSON.stringify([conversation_id, attempt, buyer_id, price_minor])
    known.push({ decision_id: decision_id ?? event_id, sale })
    this.#reserved.set(id, known)
  }

  /** To whom a customer was sold so far, for how much. */
  reserved_of(tenant: string, customer_id: string): readonly Reserved[] {
    return this.#reserved.get(`${tenant}\n${customer_id}`) ?? []
  }

  /** Last answer of the buyer to a decision, as far as there is one. */
  answer_to(tenant: string, { decision_id }: Sale): RouteOutcome['outcome'] | null {
    return this.#answers.get(`${tenant}\n${decision_id}`) ?? null
  }
}

/** The length keeps the two ids apart. */
const lead_id = (
  tenant: string,
  { customer_id, conversation_id }: Pick<Lead, 'customer_id' | 'conversation_id'>,
) => [tenant, customer_id.length, customer_id, conversation_id].join('|')

/** Not what became of a decision later. */
const is_decision = ({ status }: Route): boolean => status !== 'confirmed' && status !== 'released'

/** Amount × probability in millionths, rounded half up, as routes are. */
const share_of = (minor: number, probability: number): number =>
  Number((2n * BigInt(minor) * BigInt(Math.round(probability * 1e6)) + MILLION) / (2n * MILLION))

const unknown_lead = (): LeadCourse => ({
  ...{
    score: 0,
    tier: 'unqualified',
    area: NOWHERE,
    currency: '',
    price_minor: 0,
    buyer_tier: null,
    sale: null,
  },
})

const NOWHERE = '(not told)'
const area_of = ({ borough, zip_code, neighborhood }: Lead): string =>
  borough ?? neighborhood ?? zip_code ?? NOWHERE
