-- Answers: which incidents were there, how bad, how long, who saw them, and are they over, as of a moment?
-- Grain:   tenant_id, fingerprint, started_at: one incident that fired. A premium lead is one that is told once and never over.
-- Reads:   alerts (FINAL), rows with occurred_at < as_of.
-- Holds:   alerts >= 1 counts how often it fired anew, rose, was repeated or escalated, not that somebody saw or silenced it;
--          severity is the highest of them; first_alert_at <= last_alert_at; suppressed sums the repeats that were kept
--          back; resolved_at is null while the incident is open as of the moment, and so is duration_ms, the time from
--          started_at to resolved_at; money_at_risk_minor, contributor and description are of the last row that fired.
SELECT
  tenant_id,
  fingerprint,
  started_at,
  any(alerts_before.rule) AS rule,
  argMax(title, if(fires, occurred_at, toDateTime64(0, 3, 'UTC'))) AS title,
  any(alerts_before.metric) AS metric,
  any(alerts_before.currency) AS currency,
  any(alerts_before.dimension) AS dimension,
  minIf(occurred_at, fires) AS first_alert_at,
  maxIf(occurred_at, fires) AS last_alert_at,
  argMaxIf(severity, indexOf(['info', 'low', 'medium', 'high', 'critical'], toString(severity)), fires) AS severity,
  countIf(fires) AS alerts,
  sum(alerts_before.suppressed) AS suppressed,
  max(alerts_before.escalation) AS escalation,
  max(alerts_before.recurrences) AS recurrences,
  argMaxIf(alerts_before.description, occurred_at, fires) AS description,
  argMaxIf(tuple(alerts_before.contributor), occurred_at, fires).1 AS contributor,
  argMaxIf(tuple(alerts_before.contributor_share), occurred_at, fires).1 AS contributor_share,
  argMaxIf(tuple(alerts_before.money_at_risk_minor), occurred_at, fires).1 AS money_at_risk_minor,
  argMaxIf(tuple(alerts_before.money_currency), occurred_at, fires).1 AS money_currency,
  if(countIf(status = 'acknowledged') > 0, minIf(occurred_at, status = 'acknowledged'), NULL) AS acknowledged_at,
  if(countIf(status = 'resolved') > 0, maxIf(occurred_at, status = 'resolved'), NULL) AS resolved_at,
  if(isNull(resolved_at), NULL, dateDiff('millisecond', started_at, assumeNotNull(resolved_at))) AS duration_ms
FROM (
  SELECT
    *,
    status = 'firing' AND reason IN ('', 'fired', 'rose', 'repeated', 'recurred', 'escalated') AS fires
  FROM alerts FINAL
  WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
) AS alerts_before
GROUP BY tenant_id, fingerprint, started_at
HAVING alerts > 0
