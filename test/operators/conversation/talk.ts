/** Conversation events for tests: what is not given is a message of customer ada's conversation chat-1. */
import type { Catalog } from '../../../schemas/catalog-kinds.ts'
import type { Conversation } from '../../../schemas/types.ts'
import type { Driver } from '../../driver/driver.ts'

export const T = Date.UTC(2026, 0, 5)

const NOTHING_SAID: Conversation['context'] = {
  homeowner_verified: null,
  bill_amount_minor: null,
  zip_code: null,
  borough: null,
  neighborhood: null,
  property_type: null,
  install_timeline: null,
  credit_signal: null,
  decision_role: null,
  comparing_offers: null,
  attributes: {},
}

export const said = (
  event_id: string,
  after_ms: number,
  more: Partial<Conversation> = {},
  context: Partial<Conversation['context']> = {},
): Partial<Conversation> => ({
  event_id,
  tenant_id: 'acme',
  customer_id: 'ada',
  conversation_id: 'chat-1',
  occurred_at: T + after_ms,
  type: 'message',
  context: { ...NOTHING_SAID, ...context },
  ...more,
})

/** An entry of the catalog for all tenants, effective since the epoch unless it says since when. */
export const enter = <K extends keyof Catalog>(
  driver: Driver,
  kind: K,
  id: string,
  body: Catalog[K],
  effective_at = 0,
): void => {
  const offset = driver.catalog.position
  driver.catalog.add(
    { tenant_id: '*', kind, id, effective_at, revision: 0, body: JSON.stringify(body) },
    offset,
  )
  driver.catalog.moved(offset + 1, offset + 1)
}

/** What the requirements' first example says of the lead. */
export const FIRST_EXAMPLE = {
  text: "I'm interested in solar for my co-op in Manhattan",
  context: {
    homeowner_verified: true,
    bill_amount_minor: 40_000,
    zip_code: '10021',
    borough: 'manhattan',
    neighborhood: 'upper_east_side',
  },
} as const

export const SECOND_EXAMPLE = {
  text: "I'm considering solar for my brownstone in Park Slope",
  context: {
    homeowner_verified: true,
    bill_amount_minor: 35_000,
    zip_code: '11215',
    borough: 'brooklyn',
    neighborhood: 'park_slope',
  },
} as const
