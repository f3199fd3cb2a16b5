/** A plausible board of one tenant, from a seed: same seed and instant, same numbers. */
import type { AlertRow, Board } from '../../server/board/board.ts'

const DAY_MS = 86_400_000
const CHANNELS = ['paid_search', 'email', 'organic', 'social', 'referral', 'direct'] as const
const MODELS = ['first_touch', 'last_touch', 'linear', 'time_decay', 'position_based'] as const

/** Lehmer's generator: good enough to look like a business. */
const random_of = (seed: number): (() => number) => {
  let state = (seed % 2_147_483_646) + 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
const iso = (ms: number): string => new Date(ms).toISOString()
const day = (ms: number): string => iso(ms).slice(0, 10)

/** How busy an hour of the day is. */
const busy = (hour: number): number => 0.15 + Math.max(0, Math.sin(((hour - 6) / 16) * Math.PI))

export const alert_row = (over: Partial<AlertRow> = {}): AlertRow => ({
  event_id: 'alert-0',
  at: iso(Date.now() - 95_000),
  fingerprint: `payment_failures|payment_failure_rate|spike|${over.event_id ?? ''}`,
  rule: 'payment_failures',
  severity: 'high',
  status: 'firing',
  title: 'Payment failures above usual',
  description: 'payment_failures was 41 between 13:00 and 13:05; usual is 6 (4.9 deviations).',
  dimension: '',
  started_at: over.at ?? iso(Date.now() - 95_000),
  suppressed: 0,
  money_at_risk_minor: null,
  money_currency: null,
  contributor: null,
  contributor_share: null,
  inhibited_by: null,
  silenced_by: null,
  acknowledged_by: null,
  escalation: 0,
  recurrences: 0,
  reason: over.status === 'resolved' ? 'resolved' : 'fired',
  ...over,
})

/** One that fires, one that is looked after and kept quiet, and what was said before. */
const alerts_of = (now: number): Pick<Board['alerts'], 'firing' | 'open' | 'rows'> => {
  const failing = alert_row({
    event_id: 'alert-3',
    at: iso(now - 340_000),
    money_at_risk_minor: 412_350,
    money_currency: 'EUR',
    contributor: 'method=card',
    contributor_share: 0.82,
    recurrences: 2,
  })
  const conversion = {
    fingerprint: 'conversion_drop|conversion_rate|drop',
    rule: 'conversion_drop',
    severity: 'medium',
    title: 'Conversion ratio below usual',
    description: 'conversion_ratio was 1.9 % in the last hour; usual is 3.4 % (3.2 deviations).',
    started_at: iso(now - 5_400_000),
  } as const
  const seen = alert_row({
    ...conversion,
    event_id: 'alert-2b',
    at: iso(now - 3_400_000),
    status: 'acknowledged',
    acknowledged_by: 'Ann',
    inhibited_by: 'feed_stale|feed_touchpoints|drop',
    reason: 'acknowledged',
  })
  const told = alert_row({ ...conversion, event_id: 'alert-2', at: iso(now - 5_400_000), suppressed: 3 })
  const over = alert_row({
    event_id: 'alert-1',
    at: iso(now - 9_100_000),
    severity: 'low',
    status: 'resolved',
    title: 'Response time of conversations above usual',
    description: 'Back to 48 s, usual is 45 s.',
  })
  return { firing: 1, open: [failing, seen], rows: [failing, seen, told, over] }
}

const revenue_of = (now: number, next: () => number): Board['revenue'] => {
  const midnight = now - (now % DAY_MS)
  const hour_now = Math.floor((now - midnight) / 3_600_000)
  const hours = Array.from({ length: 24 }, (_, hour) => {
    const usual_minor = Math.round(busy(hour) * 182_000)
    const portion = hour === hour_now ? ((now % 3_600_000) / 3_600_000) * 1.05 : 1
    const net_minor = Math.round(usual_minor * portion * (0.82 + next() * 0.5))
    return { hour, usual_minor, net_minor: hour <= hour_now ? net_minor : null }
  })
  const today_minor = hours.reduce((sum, row) => sum + (row.net_minor ?? 0), 0)
  const minutes = Array.from({ length: 12 }, (_, at) => ({
    at: iso(now - (now % 300_000) - (11 - at) * 300_000),
    net_minor: Math.round(14_000 * (0.4 + next())),
  }))
  return {
    asked_at: iso(now),
    took_ms: 41,
    today_minor,
    yesterday_so_far_minor: Math.round(today_minor * 0.923),
    hour_minor: minutes.reduce((sum, row) => sum + row.net_minor, 0),
    week_minor: today_minor + 11_482_317,
    month_minor: today_minor + 52_730_908,
    payments_today: Math.round(today_minor / 4321),
    minutes,
    hours,
  }
}

const conversations_of = (now: number, next: () => number): Board['conversations'] => ({
  asked_at: iso(now),
  took_ms: 28,
  active: 37,
  today: 412,
  tiers: { premium: 41, standard: 118, basic: 96, unqualified: 63 },
  newest: Array.from({ length: 8 }, (_, at) => {
    const total_score = Math.round(20 + next() * 78)
    const quality_tier =
      total_score >= 85
        ? 'premium'
        : total_score >= 65
          ? 'standard'
          : total_score >= 45
            ? 'basic'
            : 'unqualified'
    return {
      conversation_id: `conv-${9000 - at}`,
      customer_id: `c-${1000 + Math.floor(next() * 9000)}`,
      at: iso(now - at * 43_000 - 4000),
      total_score,
      quality_tier,
      price_minor: quality_tier === 'unqualified' ? null : Math.round(2500 + total_score * 90),
      revenue_per_minute_minor: at % 3 === 2 ? null : Math.round(next() * 1900),
      recommendation:
        at % 4 === 3 ? null : ['offer_premium_plan', 'send_follow_up', 'escalate_to_sales'][at % 3]!,
    }
  }),
})

const leads_of = (now: number, next: () => number): Board['leads'] => {
  const steps = ['reserved', 'confirmed', 'quoted', 'queued', 'unsold'] as const
  return {
    asked_at: iso(now),
    took_ms: 31,
    today: { reserved: 9, confirmed: 27, queued: 4, unsold: 6 },
    sold_minor: 512_430,
    newest: Array.from({ length: 8 }, (_, at) => {
      const status = steps[at % steps.length]!
      const sold = status !== 'unsold'
      const quality = at % 3 === 0 ? 1.2 : 1
      const base_minor = at % 2 === 0 ? 25_000 : 12_500
      return {
        conversation_id: `conv-${9000 - at}`,
        customer_id: `c-${1000 + Math.floor(next() * 9000)}`,
        at: iso(now - at * 51_000 - 3000),
        total_score: Math.round(52 + next() * 45),
        quality_tier: at % 2 === 0 ? 'premium' : 'standard',
        status,
        buyer_id: sold ? (at % 2 === 0 ? 'helios-premium' : 'dachkraft') : null,
        price_minor: sold ? Math.round(base_minor * quality * 1.1) : null,
        expected_revenue_minor: sold ? Math.round(base_minor * quality * 1.1 * 0.82) : null,
        terms: [
          { term: 'base', ratio: base_minor },
          ...(quality === 1 ? [] : [{ term: 'quality', ratio: quality }]),
          { term: 'business_hours', ratio: 1.1 },
        ],
        reason: sold ? 'highest routing score of three buyers' : 'no buyer has room',
      }
    }),
  }
}

const buyers_of = (now: number): Board['buyers'] => {
  const row = { paused: false, capped: true, daily_cap: 40 }
  return {
    asked_at: iso(now),
    took_ms: 44,
    rows: [
      {
        ...row,
        buyer_id: 'helios-premium',
        tier: 'premium',
        utilization_ratio: 0.86,
        leads: 412,
        revenue_minor: 10_911_200,
        answers: 480,
        accepted: 431,
      },
      {
        ...row,
        buyer_id: 'dachkraft',
        tier: 'standard',
        utilization_ratio: 0.41,
        leads: 520,
        revenue_minor: 6_812_550,
        answers: 702,
        accepted: 566,
      },
      {
        ...row,
        buyer_id: 'solar-direkt',
        tier: 'volume',
        capped: false,
        utilization_ratio: null,
        daily_cap: null,
        leads: 0,
        revenue_minor: 0,
        answers: 0,
        accepted: 0,
        paused: true,
      },
    ],
  }
}

const coaching_of = (now: number): Board['coaching'] => ({
  asked_at: iso(now),
  took_ms: 37,
  advice: [
    {
      code: 'fill_gaps',
      title: 'Ask what is not known yet',
      given: 211,
      held_out: 24,
      effect: { difference_ratio: 0.123, low_ratio: 0.031, high_ratio: 0.214, verdict: 'helps' },
    },
    {
      code: 'create_urgency',
      title: 'Name the next deadline that holds',
      given: 96,
      held_out: 11,
      effect: null,
    },
    {
      code: 'handle_objection',
      title: 'Answer the objection with figures',
      given: 41,
      held_out: 0,
      effect: null,
    },
  ],
  policies: [
    {
      kind: 'lead',
      version: 'lead-1+2026-03-10',
      decided: 2310,
      at: iso(now - 4000),
      reason: 'better by replay of 14 days: Brier 0.081 before, 0.078 now',
    },
    { kind: 'conversation', version: 'conversation-2', decided: 2310, at: iso(now - 4000), reason: null },
    {
      kind: 'price and route',
      version: 'pricing-2+routing-1',
      decided: 2288,
      at: iso(now - 4000),
      reason: null,
    },
  ],
})

const channels_of = (now: number, next: () => number): Board['channels'] => {
  const total_minor = 48_215_633
  const costs = CHANNELS.map(channel =>
    channel === 'organic' || channel === 'direct' ? 0 : Math.round(next() * 5_000_000 + 800_000),
  )
  const credits = MODELS.flatMap(model => {
    const weights = CHANNELS.map((_, at) => (CHANNELS.length - at) * (0.55 + next()))
    const all = weights.reduce((sum, weight) => sum + weight, 0)
    const exact = weights.map(weight => Math.floor((weight / all) * total_minor))
    exact[0] = exact[0]! + total_minor - exact.reduce((sum, credit) => sum + credit, 0)
    return CHANNELS.map((channel, at) => ({
      model,
      channel,
      credit_minor: exact[at]!,
      conversions: (weights[at]! / all) * 1186,
      cost_minor: costs[at]!,
    }))
  })
  return {
    asked_at: iso(now),
    took_ms: 188,
    lookback_days: 30,
    half_life_days: 7,
    total_minor,
    models: MODELS,
    credits,
  }
}

const forecast_of = (now: number, next: () => number): Board['forecast'] => {
  const weekly = (at: number) => 1 + 0.22 * Math.sin((at / 7) * 2 * Math.PI)
  const history = Array.from({ length: 56 }, (_, at) => ({
    day: day(now - (56 - at) * DAY_MS),
    net_minor: Math.round(1_500_000 * weekly(at) * (0.9 + next() * 0.2) + at * 4000),
  }))
  const days = (bias: number) =>
    Array.from({ length: 14 }, (_, at) => {
      const value_minor = Math.round(1_720_000 * bias * weekly(56 + at))
      const spread = 190_000 + at * 21_000
      return {
        day: day(now + at * DAY_MS),
        value_minor,
        lower_minor: value_minor - spread,
        upper_minor: value_minor + spread,
      }
    })
  return {
    asked_at: iso(now),
    took_ms: 260,
    history,
    interval_ratio: 0.9,
    methods: [
      { method: 'best', error_ratio: 0.083, chosen: true, days: days(1) },
      { method: 'linear_regression', error_ratio: 0.117, chosen: false, days: days(1.06) },
      { method: 'moving_average', error_ratio: 0.142, chosen: false, days: days(0.97) },
    ],
  }
}

export const board_of = (tenant_id: string, seed = 7, now = Date.now()): Board => {
  const next = random_of(seed)
  return {
    tenant_id,
    currency: 'EUR',
    currency_exponent: 2,
    revenue: revenue_of(now, next),
    conversations: conversations_of(now, next),
    leads: leads_of(now, random_of(seed + 1)),
    buyers: buyers_of(now),
    coaching: coaching_of(now),
    channels: channels_of(now, next),
    forecast: forecast_of(now, next),
    alerts: { asked_at: iso(now), took_ms: 12, ...alerts_of(now) },
    trust: {
      asked_at: iso(now),
      took_ms: 9,
      newest_payment_at: iso(now - 2300),
      behind_records: 14,
      inserted_at: iso(now - 900),
      reconciliation: { state: 'exact', checked_at: iso(now - 48_000), checks: 17, differences: [] },
    },
  }
}

/** A tenant of whom nothing is known. */
export const empty_board = (tenant_id: string, now = Date.now()): Board => {
  const asked = { asked_at: iso(now), took_ms: 3 }
  return {
    tenant_id,
    currency: 'EUR',
    currency_exponent: 2,
    revenue: {
      ...asked,
      today_minor: 0,
      yesterday_so_far_minor: 0,
      hour_minor: 0,
      week_minor: 0,
      month_minor: 0,
      payments_today: 0,
      minutes: [],
      hours: Array.from({ length: 24 }, (_, hour) => ({ hour, net_minor: null, usual_minor: null })),
    },
    conversations: {
      ...asked,
      active: 0,
      today: 0,
      tiers: { premium: 0, standard: 0, basic: 0, unqualified: 0 },
      newest: [],
    },
    leads: {
      ...asked,
      today: { reserved: 0, confirmed: 0, queued: 0, unsold: 0 },
      sold_minor: 0,
      newest: [],
    },
    buyers: { ...asked, rows: [] },
    coaching: { ...asked, advice: [], policies: [] },
    channels: { ...asked, lookback_days: 30, half_life_days: 7, total_minor: 0, models: [], credits: [] },
    forecast: { ...asked, history: [], methods: [], interval_ratio: 0.9 },
    alerts: { ...asked, firing: 0, open: [], rows: [] },
    trust: {
      ...asked,
      newest_payment_at: null,
      behind_records: 0,
      inserted_at: null,
      reconciliation: { state: 'never', checked_at: null, checks: 0, differences: [] },
    },
  }
}
