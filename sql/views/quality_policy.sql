-- Answers: which lead policy held when, which was tried beside it, and why?
-- Grain:   one entry of the catalog: scope, role (champion: decides; shadow: scored beside), effective_at, revision. scope is a tenant,
--          or * for all that have none of their own.
-- Reads:   catalog (FINAL), kind lead_policies, entries with occurred_at and effective_at < as_of.
-- Holds:   Of entries with one id, instant and revision the first counts. until_at is when the next of its scope and role takes
--          effect, null of the newest: it holds. weights are the points of base, behavior, timing and market, empty where the
--          entry leaves them to its base; knots is the length of its calibration. A body that is not JSON has empty fields.
SELECT
  if(endsWith(id, '|shadow'), substring(id, 1, length(id) - 7), id) AS scope,
  if(endsWith(id, '|shadow'), 'shadow', 'champion') AS role,
  JSONExtractString(body, 'version') AS version,
  JSONExtractString(body, 'base') AS base,
  effective_at,
  revision,
  leadInFrame(toNullable(effective_at)) OVER (
    PARTITION BY id ORDER BY effective_at, revision ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
  ) AS until_at,
  JSONExtract(body, 'table', 'weights', 'Map(String, Float64)') AS weights,
  JSONLength(body, 'calibration') AS knots,
  JSONExtractString(body, 'reason') AS reason
FROM (
  SELECT id, effective_at, revision, argMin(body, _offset) AS body
  FROM catalog FINAL
  WHERE kind = 'lead_policies'
    AND occurred_at < {as_of:DateTime64(3, 'UTC')}
    AND effective_at < {as_of:DateTime64(3, 'UTC')}
  GROUP BY id, effective_at, revision
)
