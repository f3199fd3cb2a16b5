/** Fits the models of lifetime value to each tenant's customers of each currency, once a day, and foretells a year for every one of them. */
import { exponents } from '../schemas/currencies.ts'
import type { LifetimeModel, LifetimeValue } from '../schemas/types.ts'
import { days } from '../schemas/units.ts'
import type { Job, JobOutput, JobRow } from './job.ts'
import { type Chosen, type Customer, fit_all } from './lifetime/choose.ts'
import { predict } from './lifetime/value.ts'

const HORIZON_WEEKS = 52

interface Shop {
  readonly tenant_id: string
  readonly currency: string
  readonly customers: Customer[]
}

const job: Job = {
  name: 'lifetime-value',
  every_ms: days(1),
  reads: {
    purchases: `SELECT tenant_id, currency, customer_id, repeat_days, age_days, mean_repeat_minor
      FROM segment_purchase(as_of = {as_of:DateTime64(3, 'UTC')}) ORDER BY tenant_id, currency, customer_id`,
  },
  writes: ['lifetime_models', 'lifetime_values'],
  run: (rows, as_of) => {
    const outputs: JobOutput[] = []
    for (const shop of by_shop(rows.purchases ?? [])) {
      const chosen = fit_all(shop.customers)
      outputs.push(...models_of(shop, chosen, as_of), ...values_of(shop, chosen, as_of))
    }
    return outputs
  },
}
export default job

const major_of = (currency: string): number => 10 ** (exponents.get(currency) ?? 2)

const by_shop = (rows: readonly JobRow[]): Iterable<Shop> => {
  const shops = new Map<string, Shop>()
  for (const row of rows) {
    const [tenant_id, currency] = [String(row.tenant_id), String(row.currency)]
    const key = `${tenant_id}|${currency}`
    const shop = shops.get(key) ?? { tenant_id, currency, customers: [] }
    shops.set(key, shop)
    shop.customers.push({
      customer_id: String(row.customer_id),
      repeat_days: (row.repeat_days as readonly unknown[]).map(Number),
      age_days: Number(row.age_days),
      mean_spend: Number(row.mean_repeat_minor) / major_of(currency),
    })
  }
  return shops.values()
}

const models_of = ({ tenant_id, currency }: Shop, { fits, model }: Chosen, as_of: number): JobOutput[] =>
  fits.map(fit => ({
    topic: 'lifetime_models',
    row: {
      event_id: `${fit.model}|${currency}|${as_of}`,
      tenant_id,
      occurred_at: as_of,
      currency,
      ...fit,
      chosen: fit.model === model?.name,
    } satisfies LifetimeModel,
  }))

const values_of = ({ tenant_id, currency, customers }: Shop, chosen: Chosen, as_of: number): JobOutput[] =>
  predict(chosen, customers, HORIZON_WEEKS).map(
    ({ customer_id, p_alive, expected_purchases, expected_value }) => ({
      topic: 'lifetime_values',
      row: {
        event_id: currency,
        tenant_id,
        occurred_at: as_of,
        customer_id,
        revision: as_of,
        currency,
        model: chosen.model!.name,
        horizon_weeks: HORIZON_WEEKS,
        p_alive,
        expected_purchases,
        expected_value_minor: Math.round(expected_value * major_of(currency)),
      } satisfies LifetimeValue,
    }),
  )
