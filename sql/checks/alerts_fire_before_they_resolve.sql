-- Holds: an incident (tenant, fingerprint, started_at) is resolved at most once, after it was pending or fired, and nothing
--        is told of it afterwards. Its rows are numbered: the end of their event_id.
-- Reads: alerts (FINAL).
SELECT
  multiIf(
    countIf(status IN ('firing', 'pending')) = 0, 'resolved without a firing alert',
    countIf(status = 'resolved') > 1, 'resolved more than once',
    'told again after it was resolved'
  ) AS problem,
  tenant_id, fingerprint, started_at
FROM (
  SELECT
    tenant_id, fingerprint, started_at, status, occurred_at,
    toUInt64OrZero(splitByChar('|', event_id)[-1]) AS number
  FROM alerts FINAL
)
GROUP BY tenant_id, fingerprint, started_at
HAVING countIf(status = 'resolved') > 0
  AND (
    countIf(status IN ('firing', 'pending')) = 0
    OR countIf(status = 'resolved') > 1
    OR maxIf(number, status = 'resolved') < max(number)
    OR maxIf(occurred_at, status = 'resolved') < max(occurred_at)
  )
