-- Answers: which leads were offered to which buyers with which points, and were they taken in the end: what a policy is fitted to?
-- Grain:   tenant_id, customer_id, decision_id, buyer_id: one offer, however often the buyer answered.
-- Reads:   route_outcomes (FINAL), rows with occurred_at < as_of whose decision and points are known.
-- Holds:   accepted is 1 where the buyer's newest word (by event time) is accepted or converted, else 0; converted is 1 where that
--          word is converted. answered_at is the time of the newest word, decided_at of the decision; points, price and
--          versions are as it was decided. trusted_ratio is that of the newest word. So sums agree with quality_reliability.
SELECT
  tenant_id,
  customer_id,
  assumeNotNull(decision_id) AS decision_id,
  coalesce(buyer_id, '') AS buyer_id,
  newest.1 IN ('accepted', 'converted') AS accepted,
  newest.1 = 'converted' AS converted,
  answered_at,
  newest.3 AS decided_at,
  newest.4 AS buyer_tier,
  newest.5 AS quality_tier,
  newest.6 AS total_score,
  newest.7 AS base_points,
  newest.8 AS behavior_points,
  newest.9 AS timing_points,
  newest.10 AS market_points,
  newest.11 AS conversion_probability,
  newest.12 AS price_minor,
  newest.13 AS lead_policy_version,
  newest.2 AS trusted_ratio
FROM (
  SELECT
    tenant_id, customer_id, decision_id, buyer_id,
    max(route_outcomes.occurred_at) AS answered_at,
    argMax(
      (
        outcome, trusted_ratio, coalesce(decided_at, route_outcomes.occurred_at), buyer_tier, quality_tier, total_score,
        base_points, behavior_points, timing_points, market_points, conversion_probability, price_minor,
        coalesce(lead_policy_version, '')
      ),
      (route_outcomes.occurred_at, _offset, route_outcomes.event_id)
    ) AS newest
  FROM route_outcomes FINAL
  WHERE occurred_at < {as_of:DateTime64(3, 'UTC')} AND decision_id IS NOT NULL AND base_points IS NOT NULL
  GROUP BY tenant_id, customer_id, decision_id, buyer_id
)
