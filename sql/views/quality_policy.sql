-- Answers: which lead policy held when, which was tried beside it, and why?
-- Grain:   one entry of the catalog: tenant_id, scope, role (champion: decides; shadow: scored beside), effective_at, revision.
--          tenant_id is whose entry it is, * all tenants'; scope is a tenant, or * for all (of tenant_id) that have none of their own.
-- Reads:   catalog (FINAL), kind lead_policies, entries with occurred_at and effective_at < as_of.
-- Holds:   An entry of one tenant in the scope of another holds for nobody and is left out. Of entries of one tenant_id, scope, role,
--          instant and revision the first counts. until_at is when the next of its tenant_id, scope and role takes effect, null of
--          the newest: it holds. weights are the points of base, behavior, timing and market, empty where the entry leaves them to
--          its base; knots is the length of its calibration. A body that is not JSON has empty fields.
SELECT
  tenant_id,
  if(endsWith(id, '|shadow'), substring(id, 1, length(id) - 7), id) AS scope,
  if(endsWith(id, '|shadow'), 'shadow', 'champion') AS role,
  JSONExtractString(body, 'version') AS version,
  JSONExtractString(body, 'base') AS base,
  effective_at,
  revision,
  leadInFrame(toNullable(effective_at)) OVER (
    PARTITION BY tenant_id, id ORDER BY effective_at, revision ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
  ) AS until_at,
  JSONExtract(body, 'table', 'weights', 'Map(String, Float64)') AS weights,
  JSONLength(body, 'calibration') AS knots,
  JSONExtractString(body, 'reason') AS reason
FROM (
  SELECT tenant_id, id, effective_at, revision, argMin(body, _offset) AS body
  FROM catalog FINAL
  WHERE kind = 'lead_policies'
    AND occurred_at < {as_of:DateTime64(3, 'UTC')}
    AND effective_at < {as_of:DateTime64(3, 'UTC')}
    AND (tenant_id = '*' OR id IN (tenant_id, concat(tenant_id, '|shadow'), '*'))
  GROUP BY tenant_id, id, effective_at, revision
)
