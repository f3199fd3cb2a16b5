/** What a tenant's day brings in: visits, payments and money by the hour, so that what is missing can be said in money. */
import type { AlertHour, AlertHourMoney } from '../../schemas/types.ts'
import { days, hours } from '../../schemas/units.ts'

export interface UsualBusiness {
  readonly visits: number
  readonly payments: number
  /** The currency with the most movements; null without any. */
  readonly currency: string | null
  /** Of that currency. */
  readonly amount_minor: number
}

interface Counted {
  readonly metric: string
  readonly currency: string | null
  readonly start_ms: number
  readonly value: number
  readonly samples: number
}

export const is_business = (metric: string): boolean =>
  metric === 'visits' || metric === 'payments' || metric === 'revenue'

/** With a point of the whole; what is a day older than the newest is left out. */
export const add_business = (before: readonly AlertHour[], point: Counted): readonly AlertHour[] => {
  const { metric, currency, start_ms, value, samples } = point
  const hour_ms = Math.floor(start_ms / hours(1)) * hours(1)
  const newest_ms = Math.max(hour_ms, before.at(-1)?.hour_ms ?? hour_ms)
  if (hour_ms <= newest_ms - days(1)) return before
  const old = before.find(hour => hour.hour_ms === hour_ms) ?? { hour_ms, visits: 0, payments: 0, money: [] }
  const hour: AlertHour = {
    hour_ms,
    visits: old.visits + (metric === 'visits' ? value : 0),
    payments: old.payments + (metric === 'payments' ? value : 0),
    money:
      metric === 'revenue' && currency !== null ? add_money(old.money, currency, value, samples) : old.money,
  }
  const others = before.filter(other => other.hour_ms !== hour_ms && other.hour_ms > newest_ms - days(1))
  return [...others, hour].sort((a, b) => a.hour_ms - b.hour_ms)
}

const add_money = (
  money: readonly AlertHourMoney[],
  currency: string,
  amount: number,
  movements: number,
): AlertHourMoney[] => {
  const old = money.find(of => of.currency === currency)
  const sum = {
    currency,
    amount_minor: Math.round((old?.amount_minor ?? 0) + amount),
    movements: (old?.movements ?? 0) + movements,
  }
  return [...money.filter(of => of.currency !== currency), sum].sort((a, b) =>
    a.currency < b.currency ? -1 : 1,
  )
}

export const usual_of = (day: readonly AlertHour[]): UsualBusiness => {
  let [visits, payments, money] = [0, 0, [] as AlertHourMoney[]]
  for (const hour of day) {
    visits += hour.visits
    payments += hour.payments
    for (const of of hour.money) money = add_money(money, of.currency, of.amount_minor, of.movements)
  }
  const [most] = money.toSorted((a, b) => b.movements - a.movements)
  return { visits, payments, currency: most?.currency ?? null, amount_minor: most?.amount_minor ?? 0 }
}
