-- Holds: an incident (tenant, fingerprint, started_at) is resolved at most once, after it has fired and never before.
-- Reads: alerts (FINAL).
SELECT
  multiIf(
    countIf(status = 'firing') = 0, 'resolved without a firing alert',
    countIf(status = 'resolved') > 1, 'resolved more than once',
    'fired after it was resolved'
  ) AS problem,
  tenant_id, fingerprint, started_at
FROM alerts FINAL
GROUP BY tenant_id, fingerprint, started_at
HAVING countIf(status = 'resolved') > 0
  AND (
    countIf(status = 'firing') = 0
    OR countIf(status = 'resolved') > 1
    OR maxIf(occurred_at, status = 'firing') > maxIf(occurred_at, status = 'resolved')
  )
