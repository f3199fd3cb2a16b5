-- Answers: which incidents were there, how bad, how long, and are they over, as of a moment?
-- Grain:   tenant_id, fingerprint, started_at: one incident. A premium lead is one that is told once and never over.
-- Reads:   alerts (FINAL), rows with occurred_at < as_of.
-- Holds:   alerts >= 1 counts firing rows; severity is the highest of them; first_alert_at <= last_alert_at <= resolved_at;
--          suppressed sums the repeats that were kept back; resolved_at is null while the incident is open as of the
--          moment, and so is duration_ms, the time from started_at to resolved_at.
SELECT
  tenant_id,
  fingerprint,
  started_at,
  any(alerts_before.rule) AS rule,
  argMax(title, if(status = 'firing', occurred_at, toDateTime64(0, 3, 'UTC'))) AS title,
  any(alerts_before.metric) AS metric,
  any(alerts_before.currency) AS currency,
  minIf(occurred_at, status = 'firing') AS first_alert_at,
  maxIf(occurred_at, status = 'firing') AS last_alert_at,
  argMaxIf(
    severity, indexOf(['info', 'low', 'medium', 'high', 'critical'], toString(severity)), status = 'firing'
  ) AS severity,
  countIf(status = 'firing') AS alerts,
  sum(alerts_before.suppressed) AS suppressed,
  if(countIf(status = 'resolved') > 0, maxIf(occurred_at, status = 'resolved'), NULL) AS resolved_at,
  if(isNull(resolved_at), NULL, dateDiff('millisecond', started_at, assumeNotNull(resolved_at))) AS duration_ms
FROM (SELECT * FROM alerts FINAL WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}) AS alerts_before
GROUP BY tenant_id, fingerprint, started_at
