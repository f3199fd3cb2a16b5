/** Customers drawn from the models themselves, the same ones every time. */
import type { Customer } from '../../../jobs/lifetime/choose.ts'

/** mulberry32, Steele and Vigna's mixing; numbers in [0, 1). */
export const uniforms = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), seed | 1)
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
}

/** Marsaglia and Tsang 2000; below shape 1 by the power of a uniform. */
export const gamma_draw = (random: () => number, shape: number): number => {
  if (shape < 1) return gamma_draw(random, shape + 1) * (1 - random()) ** (1 / shape)
  const d = shape - 1 / 3
  for (;;) {
    const z = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    const v = (1 + z / Math.sqrt(9 * d)) ** 3
    if (v > 0 && Math.log(1 - random()) < (z * z) / 2 + d - d * v + d * Math.log(v)) return d * v
  }
}

export interface Nature {
  /** Purchases a week. */
  readonly rate: number
  /** Weeks until the customer leaves, decided at the start or after a purchase. */
  readonly leaves: (purchases: number, now: number) => boolean
}

/** Repeat purchase days within an age; `nature` is drawn anew for every customer. */
export const simulate = (
  seed: number,
  n: number,
  ages: (i: number) => number,
  nature: (random: () => number) => Nature,
  spend: (random: () => number, rate: number) => number = () => 10,
): Customer[] => {
  const random = uniforms(seed)
  return Array.from({ length: n }, (_, i) => {
    const { rate, leaves } = nature(random)
    const age_days = ages(i)
    const days = new Set<number>()
    let now = 0
    for (let purchases = 0; ; purchases++) {
      if (leaves(purchases, now)) break
      now += -Math.log(1 - random()) / rate
      // Whoever leaves at a moment of their own has left before a purchase after it.
      if (now * 7 > age_days || leaves(Number.NaN, now)) break
      if (Math.ceil(now * 7) <= age_days) days.add(Math.max(1, Math.ceil(now * 7)))
    }
    const repeat_days = [...days]
    const mean_spend = repeat_days.length === 0 ? 0 : spend(random, rate)
    return { customer_id: `c${i}`, repeat_days, age_days, mean_spend }
  })
}

/** Leaves after a purchase with a probability drawn from beta(a, b). */
export const geometric =
  (r: number, alpha: number, a: number, b: number, first: 0 | 1) =>
  (random: () => number): Nature => {
    const rate = gamma_draw(random, r) / alpha
    const [u, v] = [gamma_draw(random, a), gamma_draw(random, b)]
    const p = u / (u + v)
    return { rate, leaves: purchases => purchases >= 1 - first && random() < p }
  }

/** Leaves after a time whose rate is drawn from gamma(s, beta). */
export const exponential =
  (r: number, alpha: number, s: number, beta: number) =>
  (random: () => number): Nature => {
    const rate = gamma_draw(random, r) / alpha
    const until = (-Math.log(1 - random()) * beta) / gamma_draw(random, s)
    return { rate, leaves: (_, now) => now > until }
  }
