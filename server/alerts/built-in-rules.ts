/** The rules that every tenant has, as the API tells them. */
import { type AlertRule, alert_rules } from '../../operators/alert/alert-rules.ts'
import { with_override } from '../../operators/alert/watched-rules.ts'
import type { Catalog } from '../../schemas/catalog-kinds.ts'

const by_name = new Map(alert_rules.map(rule => [rule.name, rule]))

export const is_built_in = (name: string): boolean => by_name.has(name)

/** What a back-test runs; null: it is switched off, or listens to no metric (prices of leads). */
export const built_in_rule = (name: string, override: Catalog['alert_rules'] | null): AlertRule | null => {
  const rule = by_name.get(name)
  return rule && rule.of !== 'price' ? with_override(rule, override ?? undefined) : null
}

/** Fields named as those of a tenant's own rules; what such cannot say stands in words. */
export const built_in_rules = alert_rules.map(
  ({ name, title, of, metric, dimension, when, threshold, ...rule }) => ({
    ...{ name, title, metric, dimension, when, threshold },
    ...{ window_ms: rule.window_ms, least_samples: rule.least_samples },
    ...{ severity: rule.severity, severity_by_score: rule.by_score },
    ...{ for_ms: rule.for_ms, keep_firing_ms: rule.keep_firing_ms, cooldown_ms: rule.cooldown_ms },
    ...{ inhibits: rule.inhibits, escalation: rule.escalation },
    threshold_is:
      of === 'anomaly'
        ? rule.as_share
          ? 'the share of what was expected'
          : 'robust standard deviations'
        : rule.beyond_chance
          ? 'a share, to be passed beyond chance'
          : 'the value',
  }),
)
