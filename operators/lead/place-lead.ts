/**
 * Decides: where a lead is, which entries of the catalog (kind markets) that concerns, and what they multiply revenue by.
 * Because: regions are data: a zip code, a neighbourhood and a borough are entries under their own names, and the
 *   narrowest area that has a number gives it. No place is named in code.
 * Keeps: nothing. When late, twice, missing: an unknown place has no market; its revenue counts as it is (1).
 * Limits: areas are found by name; nothing knows that a zip code lies in a borough.
 */

import type { Catalog } from '../../schemas/catalog-kinds.ts'
import type { Lead, LeadKnowledge } from '../../schemas/types.ts'
import { fact_of, spelled } from '../core/facts.ts'
import type { Place } from './count-points.ts'

type Areas = Pick<Lead, 'zip_code' | 'borough' | 'neighborhood'>

/** As the catalog's markets and the buyers' areas are spelled: names in one way, codes in lower case. */
export const areas_of = ({ facts }: Pick<LeadKnowledge, 'facts'>): Areas => {
  const name = (area: keyof Areas): string | null => {
    const said = fact_of(facts, area)
    return said === undefined ? null : spelled(said)
  }
  const zip_code = fact_of(facts, 'zip_code')?.trim().toLowerCase() ?? null
  return { zip_code, borough: name('borough'), neighborhood: name('neighborhood') }
}

export const place_of = (areas: Areas, market: (id: string) => Catalog['markets'] | undefined): Place => {
  const of = (id: string | null): Catalog['markets'] | undefined => (id === null ? undefined : market(id))
  return { zip_code: of(areas.zip_code), neighborhood: of(areas.neighborhood), borough: of(areas.borough) }
}

/** Of the narrowest area that has one, to six decimals. */
export const market_ratio_of = ({ zip_code, neighborhood, borough }: Place): number => {
  const ratio = zip_code?.revenue_ratio ?? neighborhood?.revenue_ratio ?? borough?.revenue_ratio ?? 1
  return typeof ratio === 'number' && ratio >= 0 && ratio <= 100 ? Math.round(ratio * 1e6) / 1e6 : 1
}
