/** Numbers, money and ages as people read them, in the browser's own language. */

export interface MoneyFormat {
  /** All digits: €1,234.56. */
  readonly full: (minor: number) => string
  /** With a sign, for differences and movements. */
  readonly signed: (minor: number) => string
  /** Without minor units, for tables of large sums. */
  readonly whole: (minor: number) => string
  /** Short, for axes: €1.2K. */
  readonly compact: (minor: number) => string
  /** The full text cut before its fraction, which is shown smaller. */
  readonly parts: (minor: number) => {
    readonly head: string
    readonly fraction: string
    readonly tail: string
  }
}

const number_format = (
  locale: string | undefined,
  currency: string,
  options: Intl.NumberFormatOptions,
): Intl.NumberFormat => {
  try {
    return new Intl.NumberFormat(locale, { style: 'currency', currency, ...options })
  } catch {
    // Not a code that Intl takes: the digits are still right.
    return new Intl.NumberFormat(locale, options)
  }
}

/** `exponent`: digits behind the point, as the server says, whatever Intl believes of the currency. */
export const money_format = (currency: string, exponent: number, locale?: string): MoneyFormat => {
  const digits = { minimumFractionDigits: exponent, maximumFractionDigits: exponent }
  const full = number_format(locale, currency, digits)
  const signed = number_format(locale, currency, { ...digits, signDisplay: 'exceptZero' })
  const whole = number_format(locale, currency, { maximumFractionDigits: 0 })
  const compact = number_format(locale, currency, { notation: 'compact', maximumFractionDigits: 1 })
  const major = (minor: number): number => minor / 10 ** exponent
  return {
    full: minor => full.format(major(minor)),
    signed: minor => signed.format(major(minor)),
    whole: minor => whole.format(major(minor)),
    compact: minor => compact.format(major(minor)),
    parts: minor => {
      const parts = full.formatToParts(major(minor))
      const point = parts.findIndex(({ type }) => type === 'decimal')
      const text = (from: number, to?: number) =>
        parts
          .slice(from, to)
          .map(({ value }) => value)
          .join('')
      if (point < 0) return { head: text(0), fraction: '', tail: '' }
      return { head: text(0, point), fraction: text(point, point + 2), tail: text(point + 2) }
    },
  }
}

const plain = new Intl.NumberFormat()
const one_digit = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })
const always_one_digit = new Intl.NumberFormat(undefined, {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
})
const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 })
const change = new Intl.NumberFormat(undefined, {
  style: 'percent',
  maximumFractionDigits: 1,
  signDisplay: 'exceptZero',
})

const signed = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1, signDisplay: 'exceptZero' })

export const count_text = (count: number): string => plain.format(count)
/** Shares of a conversion are fractions. */
export const amount_text = (amount: number): string => one_digit.format(amount)
export const percent_text = (ratio: number): string => percent.format(ratio)
const three_digits = new Intl.NumberFormat(undefined, { maximumFractionDigits: 3 })
/** What something is multiplied by. */
export const ratio_text = (ratio: number): string => three_digits.format(ratio)
/** Money back for money spent: one digit, so that a column stands in line; hundreds need none. */
export const return_ratio_text = (ratio: number): string =>
  ratio >= 100 ? plain.format(Math.round(ratio)) : always_one_digit.format(ratio)
/** A difference of two shares, in percentage points. */
export const points_text = (ratio: number): string => signed.format(100 * ratio)
/** How much more or less than before; null without anything to compare with. */
export const change_text = (now: number, before: number): string | null =>
  before > 0 ? change.format(now / before - 1) : null

const STEPS: readonly (readonly [ms: number, unit: string, spoken: string])[] = [
  [86_400_000, 'd', 'days'],
  [3_600_000, 'h', 'hours'],
  [60_000, 'min', 'minutes'],
  [1000, 's', 'seconds'],
]

/** 4 s, 3 min, 2 h, 5 d; what lies ahead (clocks differ) counts as now. */
export const age_text = (ms: number): string => {
  for (const [step, unit] of STEPS) if (ms >= step) return `${Math.floor(ms / step)} ${unit}`
  return 'now'
}

const clock_time = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZone: 'UTC',
})
const day_and_time = new Intl.DateTimeFormat(undefined, {
  dateStyle: 'medium',
  timeStyle: 'medium',
  hourCycle: 'h23',
  timeZone: 'UTC',
})
const short_day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' })
const week_day = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  month: 'short',
  day: 'numeric',
  timeZone: 'UTC',
})

export const time_text = (at_ms: number): string => clock_time.format(at_ms)
export const instant_text = (at_ms: number): string => `${day_and_time.format(at_ms)} UTC`
export const day_text = (day: string): string => short_day.format(new Date(`${day}T00:00:00Z`))
export const week_day_text = (day: string): string => week_day.format(new Date(`${day}T00:00:00Z`))
export const hour_text = (hour: number): string => `${String(hour).padStart(2, '0')}:00`

/** position_based → Position based. */
export const words_text = (name: string): string => {
  const words = name.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
