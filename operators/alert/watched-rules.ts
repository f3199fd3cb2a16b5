/** Which rules hold for a tenant now: the built-in ones as the catalog changes them, and its own. */
import type { Catalog } from '../../schemas/catalog-kinds.ts'
import {
  type AlertRule,
  alert_rules,
  CRITICAL_COOLDOWN_MS,
  type Severity,
  severities,
} from './alert-rules.ts'
import { own_rules } from './read-rules.ts'

/** The rule with what the catalog says of it; null when it is switched off. What makes no sense there says nothing. */
export const with_override = (
  rule: AlertRule,
  override: Catalog['alert_rules'] | undefined,
): AlertRule | null => {
  if (!override) return rule
  const { enabled, severity, threshold, cooldown_ms } = override
  if (enabled === false) return null
  const known = severities.find(name => name === severity)
  return {
    ...rule,
    severity: known ?? rule.severity,
    by_score: rule.by_score && known === undefined,
    threshold: is_measure(threshold) ? threshold : rule.threshold,
    cooldown_ms: is_measure(cooldown_ms) ? cooldown_ms : rule.cooldown_ms,
  }
}

/** Catalog bodies are anybody's JSON. */
const is_measure = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0

/** A drop beyond 8 deviations is high, beyond 12 critical: an outage of a busy tenant is there within ten minutes. */
export const severity_of = (rule: AlertRule, score: number): Severity => {
  if (!rule.by_score) return rule.severity
  const size = Math.abs(score)
  return size >= 12 ? 'critical' : size >= 8 ? 'high' : 'medium'
}

export const cooldown_of = (rule: AlertRule, severity: Severity): number =>
  severity === 'critical' ? Math.min(rule.cooldown_ms, CRITICAL_COOLDOWN_MS) : rule.cooldown_ms

/** rule|metric[ currency]|direction, and |dimension of a part: what counts as the same trouble. */
export const fingerprint_of = (
  rule: AlertRule,
  metric: string,
  currency: string | null,
  dimension: string,
): string =>
  `${rule.name}|${currency === null ? metric : `${metric} ${currency}`}|${DIRECTIONS[rule.when]}` +
  (dimension && `|${dimension}`)

const DIRECTIONS: Readonly<Record<AlertRule['when'], string>> = {
  above: 'spike',
  rises_by: 'spike',
  spike: 'spike',
  below: 'drop',
  drops_by: 'drop',
  drop: 'drop',
  level_shift: 'level_shift',
  trend: 'trend',
  recurring: 'recurring',
  unusual: 'unusual',
}

export interface Looker {
  /** The tenant. */
  readonly key: string
  catalog<K extends keyof Catalog>(kind: K, id: string): Catalog[K] | undefined
}

const built_in = new Map(alert_rules.map(rule => [rule.name, rule]))
const own_of = (turn: Looker): readonly AlertRule[] => own_rules(turn.catalog('alert_rule_lists', turn.key))

/** null: it is switched off, or there is none of the name any more. */
export const rule_named = (name: string, turn: Looker): AlertRule | null => {
  const rule = built_in.get(name)
  return rule
    ? with_override(rule, turn.catalog('alert_rules', name))
    : (own_of(turn).find(own => own.name === name) ?? null)
}

/** By metric, those that explain others first; a price is no metric. */
export const watched_rules = (turn: Looker): ReadonlyMap<string, readonly AlertRule[]> => {
  const watched = new Map<string, AlertRule[]>()
  const add = (rule: AlertRule | null) => {
    if (!rule || rule.of === 'price') return
    const others = watched.get(rule.metric)
    if (others) others.push(rule)
    else watched.set(rule.metric, [rule])
  }
  for (const rule of alert_rules) add(with_override(rule, turn.catalog('alert_rules', rule.name)))
  for (const rule of own_of(turn)) add(rule)
  return watched
}

const on_metrics = alert_rules.filter(({ of }) => of !== 'price')
const built_in_metrics = new Set(on_metrics.map(({ metric }) => metric))
const built_in_parts = new Set(
  on_metrics.filter(({ dimension }) => dimension !== '').map(({ metric }) => metric),
)
/** Whether a rule listens to the metric, or did before it was switched off. */
export const is_watched = (metric: string, turn: Looker): boolean =>
  built_in_metrics.has(metric) || own_of(turn).some(rule => rule.metric === metric)

/** Whether one listens to its parts by themselves; else they explain the whole at most. */
export const are_parts_watched = (metric: string, turn: Looker): boolean =>
  built_in_parts.has(metric) || own_of(turn).some(rule => rule.metric === metric && rule.dimension !== '')

/** Whether the rule is about that series. */
export const watches = (rule: AlertRule, currency: string | null, dimension: string): boolean =>
  (rule.currency === null || rule.currency === currency) &&
  (rule.dimension === '*' ? dimension !== '' : rule.dimension === dimension)

/** Also of a rule that is switched off. */
export const title_named = (name: string, turn: Looker): string =>
  built_in.get(name)?.title ?? own_of(turn).find(own => own.name === name)?.title ?? name
