/** What a customer is worth: purchases expected times spend expected, undiscounted over a horizon or discounted month by month. */
import { type Chosen, type Customer, history_of } from './choose.ts'
import { type Fit, values_of } from './fit.ts'
import { expected_spend } from './gamma-gamma.ts'
import type { History, PurchaseModel } from './purchases.ts'

export interface Prediction {
  readonly customer_id: string
  readonly p_alive: number
  readonly expected_purchases: number
  /** Major units. */
  readonly expected_value: number
}

/**
 * Spend of a customer's next purchase, major units. By Gamma-Gamma; where that was refused, what their repeat purchases were worth on the
 * average, or everybody's did, where they made none; never below 0, whatever was paid back.
 */
export const spend_of = (fit: Fit, customers: readonly Customer[]): ((customer: Customer) => number) => {
  if (fit.refused === null) {
    const p = values_of(fit)
    // Who paid nothing so far is no customer of the model: as little known as a new one.
    return ({ repeat_days, mean_spend }) =>
      expected_spend(p, { x: mean_spend > 0 ? repeat_days.length : 0, mean_spend })
  }
  let [purchases, money] = [0, 0]
  for (const { repeat_days, mean_spend } of customers) {
    purchases += repeat_days.length
    money += repeat_days.length * mean_spend
  }
  const usual = purchases === 0 ? 0 : money / purchases
  return ({ repeat_days, mean_spend }) => Math.max(0, repeat_days.length > 0 ? mean_spend : usual)
}

/** In the order of the customers; none when no model of purchases was chosen. */
export const predict = (chosen: Chosen, customers: readonly Customer[], weeks: number): Prediction[] => {
  const { model, parameters, fits } = chosen
  if (!model) return []
  const spend = spend_of(fits.find(fit => fit.model === 'gamma_gamma')!, customers)
  return customers.map(customer => {
    const history = history_of(customer)
    const expected_purchases = model.expected_purchases(parameters, history, weeks)
    return {
      customer_id: customer.customer_id,
      p_alive: model.p_alive(parameters, history),
      expected_purchases,
      expected_value: expected_purchases * spend(customer),
    }
  })
}

export interface Discount {
  readonly months: number
  readonly rate_a_month: number
  readonly weeks_a_month: number
}

/** The purchases of each coming month as if paid at its end, discounted; times `spend`. */
export const discounted_value = (
  model: PurchaseModel,
  parameters: readonly number[],
  history: History,
  spend: number,
  { months, rate_a_month, weeks_a_month }: Discount,
): number => {
  let [sum, before] = [0, 0]
  for (let month = 1; month <= months; month++) {
    const until = model.expected_purchases(parameters, history, month * weeks_a_month)
    sum += (until - before) / (1 + rate_a_month) ** month
    before = until
  }
  return sum * spend
}
