/**
 * Decides: whether a tenant's list of alert rules makes sense, and what each rule says with what it leaves out filled in.
 * Because: a rule that is mistyped and ignored in silence is an alert that never comes.
 * Keeps: nothing of an operator; what was read of a body is remembered beside it, for bodies never change.
 * When late, twice, missing: a list that does not make sense has no rules at all.
 * Limits: whether a metric of the name exists is not known here: it may come tomorrow.
 */
import type { AlertRuleEntry } from '../../schemas/catalog-kinds.ts'
import { exponents } from '../../schemas/currencies.ts'
import { days, hours, minutes } from '../../schemas/units.ts'
import {
  type AlertRule,
  alert_rules,
  PATTERN_OVER_AFTER_MS,
  PLAIN_RULE,
  type Rung,
  type Severity,
  severities,
} from './alert-rules.ts'

export const RULES_MOST = 200
const ON_POINTS = ['above', 'below', 'drops_by', 'rises_by']
const PATTERNS = ['drop', 'spike', 'level_shift', 'trend', 'recurring', 'unusual']
const NAME = /^[a-z][a-z0-9_]{0,63}$/
const FIELDS: readonly (keyof AlertRuleEntry)[] = [
  ...(['name', 'title', 'metric', 'currency', 'dimension', 'when', 'threshold', 'window_ms'] as const),
  ...(['least_samples', 'severity', 'for_ms', 'keep_firing_ms', 'cooldown_ms', 'enabled'] as const),
  ...(['inhibits', 'escalation'] as const),
]

export interface ReadRules {
  /** Empty where there is a problem. */
  readonly rules: readonly AlertRuleEntry[]
  /** Names the field, e.g. `rules[2].threshold must be …`. */
  readonly problem: string | null
}

/** What a body of kind alert_rule_lists says. Never throws. */
export const read_rules = (body: unknown): ReadRules => {
  if (body === null || body === undefined) return { rules: [], problem: null }
  try {
    return { rules: rules_from(body), problem: null }
  } catch (error) {
    return { rules: [], problem: error instanceof Error ? error.message : String(error) }
  }
}

const known = new WeakMap<object, readonly AlertRule[]>()
/** The rules of a body that are switched on. */
export const own_rules = (body: object | undefined): readonly AlertRule[] => {
  if (!body) return []
  let rules = known.get(body)
  if (!rules) {
    rules = read_rules(body)
      .rules.filter(({ enabled }) => enabled !== false)
      .map(rule_of)
    known.set(body, rules)
  }
  return rules
}

/** With what the entry leaves out. */
export const rule_of = (entry: AlertRuleEntry): AlertRule => {
  const by_pattern = PATTERNS.includes(entry.when)
  const rare = by_pattern && entry.when !== 'drop' && entry.when !== 'spike'
  const { title = entry.name, currency = null, dimension = '', severity = 'medium' } = entry
  const { window_ms = 0, least_samples = 0, for_ms = 0, cooldown_ms = hours(1) } = entry
  const { keep_firing_ms = rare ? PATTERN_OVER_AFTER_MS : PLAIN_RULE.keep_firing_ms } = entry
  const { inhibits = [], escalation = [] } = entry
  return {
    ...PLAIN_RULE,
    ...{ name: entry.name, title, of: by_pattern ? 'anomaly' : 'point', metric: entry.metric, currency },
    ...{ dimension, when: entry.when, threshold: entry.threshold, window_ms, least_samples, severity },
    ...{ for_ms, keep_firing_ms, cooldown_ms, inhibits },
    escalation: escalation.map(({ after_ms, severity: to }): Rung => ({ after_ms, severity: to ?? null })),
  }
}

const refuse = (problem: string): never => {
  throw new RangeError(problem)
}

type Given = Readonly<Record<string, unknown>>
const object_of = (given: unknown, name: string, fields: readonly string[]): Given => {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return refuse(`${name} must be an object`)
  const strange = Object.keys(given).find(field => !fields.includes(field))
  return strange === undefined ? (given as Given) : refuse(`${name}.${strange}: there is no such field`)
}
const list_of = (given: unknown, name: string, most: number): readonly unknown[] =>
  Array.isArray(given) && given.length <= most
    ? given
    : refuse(`${name} must be a list of at most ${most} entries`)
const one_of = (given: unknown, name: string, words: readonly string[]): void => {
  if (!words.includes(given as string)) refuse(`${name} must be one of ${words.join(', ')}`)
}
const text_of = (given: unknown, name: string, is: RegExp, what: string): void => {
  if (typeof given !== 'string' || !is.test(given)) refuse(`${name} must be ${what}`)
}
const whole_of = (given: unknown, name: string, least: number, most: number): void => {
  if (!Number.isSafeInteger(given) || (given as number) < least || (given as number) > most)
    refuse(`${name} must be a whole number from ${least} to ${most}`)
}
const spelling = 'lower-case letters, digits and underscores, a letter first, at most 64'

const rules_from = (body: unknown): readonly AlertRuleEntry[] => {
  const { rules: given } = object_of(body, 'the list', ['rules'])
  const rules = list_of(given, 'rules', RULES_MOST).map((one, i) => rule_from(one, `rules[${i}]`))
  const names = new Set(alert_rules.map(({ name }) => name))
  rules.forEach(({ name }, i) => {
    if (names.has(name)) refuse(`rules[${i}].name: there is a rule ${name} already`)
    names.add(name)
  })
  rules.forEach(({ name, inhibits = [] }, i) => {
    inhibits.forEach((other, k) => {
      const field = `rules[${i}].inhibits[${k}]`
      if (!names.has(other)) refuse(`${field}: there is no rule ${other}`)
      if (reaches(rules, other, name)) refuse(`${field}: ${other} would in the end inhibit ${name} itself`)
    })
  })
  return rules
}

/** Whether one rule inhibits the other, itself or by way of others. */
const reaches = (
  rules: readonly AlertRuleEntry[],
  from: string,
  to: string,
  seen = new Set<string>(),
): boolean => {
  if (from === to) return true
  if (seen.has(from)) return false
  seen.add(from)
  const next = [...rules, ...alert_rules].find(({ name }) => name === from)?.inhibits ?? []
  return next.some(name => reaches(rules, name, to, seen))
}

const rule_from = (given: unknown, at: string): AlertRuleEntry => {
  const rule = object_of(given, at, FIELDS)
  const { name, title, metric, currency, dimension, when, threshold, severity, enabled } = rule
  text_of(name, `${at}.name`, NAME, spelling)
  if (title !== undefined) text_of(title, `${at}.title`, /^.{1,100}$/, 'a line of at most 100 characters')
  text_of(metric, `${at}.metric`, NAME, spelling)
  if (currency !== undefined && !(typeof currency === 'string' && exponents.has(currency)))
    refuse(`${at}.currency must be an ISO code, such as EUR`)
  if (dimension !== undefined)
    text_of(dimension, `${at}.dimension`, /^(|\*|[^=]+=.{1,200})$/, 'name=value, * or empty')
  one_of(when, `${at}.when`, [...ON_POINTS, ...PATTERNS])
  threshold_of(when as string, threshold, `${at}.threshold`)
  if (severity !== undefined) one_of(severity, `${at}.severity`, severities)
  if (enabled !== undefined && typeof enabled !== 'boolean') refuse(`${at}.enabled must be true or false`)
  patience_of(rule, at)
  if (rule.inhibits !== undefined)
    list_of(rule.inhibits, `${at}.inhibits`, 50).forEach((other, i) => {
      text_of(other, `${at}.inhibits[${i}]`, NAME, 'the name of a rule')
    })
  if (rule.escalation !== undefined) ladder_of(rule.escalation, `${at}.escalation`)
  return rule as unknown as AlertRuleEntry
}

const number_of = (given: unknown, name: string): number =>
  typeof given === 'number' && Number.isFinite(given) ? given : refuse(`${name} must be a number`)
const threshold_of = (when: string, value: unknown, name: string): void => {
  const given = number_of(value, name)
  if (when === 'drops_by' && !(given > 0 && given <= 1)) refuse(`${name} must be a share above 0, at most 1`)
  if (when === 'rises_by' && !(given > 0)) refuse(`${name} must be a share above 0`)
  if (PATTERNS.includes(when) && given < 0) refuse(`${name} must be a number of deviations, not negative`)
}

const patience_of = (rule: Given, at: string): void => {
  const { when, window_ms, least_samples, for_ms, keep_firing_ms, cooldown_ms } = rule
  if (window_ms !== undefined) {
    if (PATTERNS.includes(when as string)) refuse(`${at}.window_ms: a pattern has its own`)
    whole_of(window_ms, `${at}.window_ms`, minutes(5), days(1))
  }
  if (least_samples !== undefined) whole_of(least_samples, `${at}.least_samples`, 0, 1e9)
  if (for_ms !== undefined) whole_of(for_ms, `${at}.for_ms`, 0, days(7))
  if (keep_firing_ms !== undefined) whole_of(keep_firing_ms, `${at}.keep_firing_ms`, 0, days(1))
  if (cooldown_ms !== undefined) whole_of(cooldown_ms, `${at}.cooldown_ms`, 0, days(7))
}

const ladder_of = (given: unknown, name: string): void => {
  let last_ms = 0
  list_of(given, name, 10).forEach((one, i) => {
    const { after_ms, severity } = object_of(one, `${name}[${i}]`, ['after_ms', 'severity'])
    whole_of(after_ms, `${name}[${i}].after_ms`, last_ms + 1, days(7))
    last_ms = after_ms as number
    if (severity !== undefined) one_of(severity as Severity, `${name}[${i}].severity`, severities)
  })
}
