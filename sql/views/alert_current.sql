-- Answers: what is the newest word on each trouble, and is it still open, as of a moment?
-- Grain:   tenant_id, fingerprint: one trouble. A premium lead is one that is told once and is never open.
-- Reads:   alerts (FINAL), rows with occurred_at < as_of.
-- Holds:   The newest word is the last of the newest incident: by started_at, then the number that ends event_id, since a
--          person's word comes by the clock and a metric's by its window. open: status is firing or acknowledged; pending
--          and resolved are not. alert_event_id is the event_id of that row, said_at its occurred_at.
SELECT
  tenant_id, fingerprint, event_id AS alert_event_id, occurred_at AS said_at, started_at, rule, severity, status,
  CAST(status IN ('firing', 'acknowledged') AND rule != 'premium_lead' AS Bool) AS open,
  title, description, metric, currency, dimension, value, expected, suppressed,
  money_at_risk_minor, money_currency, contributor, contributor_share,
  inhibited_by, silenced_by, escalation, recurrences, acknowledged_by, reason, cause_event_ids, policy_version
FROM alerts FINAL
WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
ORDER BY
  started_at DESC, toUInt64OrZero(splitByChar('|', event_id)[-1]) DESC, occurred_at DESC, _offset DESC
LIMIT 1 BY tenant_id, fingerprint
