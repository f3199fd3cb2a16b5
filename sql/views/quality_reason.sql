-- Answers: why do buyers refuse leads, and what has changed against the period before?
-- Grain:   tenant_id, buyer_id, reason_class; buyer_id is '' with by_buyer = 0. A class that came up in neither period has no row.
-- Reads:   route_outcomes (FINAL), rows with as_of - 2 × period_days <= occurred_at < as_of and outcome rejected or returned.
-- Holds:   period_days is 1 to 3650, by_buyer 0 or 1; else refused. refusals counts those of the last period_days before as_of,
--          refusals_before those of as many days before them; each word of a buyer counts, with no class as other. share and
--          share_before are of all refusals of the tenant (and buyer) in that period, null in a period without one; over a
--          tenant's (and buyer's) classes each sums to 1. change is their difference, null where one is. example is the newest
--          reason as it was written, null where none was.
WITH
  (
    SELECT
      throwIf({period_days:UInt16} NOT BETWEEN 1 AND 3650, 'period_days must be 1 to 3650')
      + throwIf({by_buyer:UInt8} > 1, 'by_buyer is 0 or 1')
  ) AS refused
SELECT
  tenant_id,
  buyer_id,
  reason_class,
  refusals,
  refusals_before,
  round(refusals / nullIf(sum(refusals) OVER whole, 0), 6) AS share,
  round(refusals_before / nullIf(sum(refusals_before) OVER whole, 0), 6) AS share_before,
  round(share - share_before, 6) AS change,
  example
FROM (
  SELECT
    tenant_id,
    if({by_buyer:UInt8} = 0, '', coalesce(route_outcomes.buyer_id, '')) AS buyer_id,
    coalesce(route_outcomes.reason_class, 'other') AS reason_class,
    countIf(occurred_at >= {as_of:DateTime64(3, 'UTC')} - toIntervalDay({period_days:UInt16})) AS refusals,
    count() - refusals AS refusals_before,
    argMaxIf(reason, (occurred_at, _offset), reason IS NOT NULL) AS example
  FROM route_outcomes FINAL
  WHERE NOT refused
    AND outcome IN ('rejected', 'returned')
    AND occurred_at < {as_of:DateTime64(3, 'UTC')}
    AND occurred_at >= {as_of:DateTime64(3, 'UTC')} - toIntervalDay(2 * {period_days:UInt16})
  GROUP BY tenant_id, buyer_id, reason_class
)
WINDOW whole AS (PARTITION BY tenant_id, buyer_id)
