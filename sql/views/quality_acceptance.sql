-- Answers: which buyers take which leads, how often, and what is a lead worth with them, what is old counting less?
-- Grain:   tenant_id, buyer_id, quality_tier, currency (of the price; '' where the decision's row is not known). A buyer and
--          tier without an answer has no row.
-- Reads:   route_outcomes (FINAL), rows with occurred_at < as_of whose decision is known; of routes (FINAL) the currency.
-- Holds:   An offer (decision and buyer) counts once, by the buyer's newest word (by event time): accepted is accepted or
--          converted. answers, accepted and converted are counts: converted <= accepted <= answers. weight is the answers,
--          each faded by half for every half_life_days between that word and as_of (0: nothing fades; less is refused); rate is
--          the faded share of accepted, value_per_lead_minor the faded mean price of an answered lead, 0 where it was refused,
--          to the minor unit. trusted_ratio is that of the buyer's newest word.
WITH
  (
    SELECT throwIf(NOT ({half_life_days:Float64} >= 0), 'half_life_days must be 0 (nothing fades) or more')
  ) AS refused,
  offers AS (
    SELECT
      tenant_id, customer_id, decision_id, buyer_id,
      argMax(
        (outcome, coalesce(quality_tier, ''), coalesce(price_minor, 0), trusted_ratio),
        (route_outcomes.occurred_at, _offset, route_outcomes.event_id)
      ) AS newest,
      max((route_outcomes.occurred_at, _offset)) AS said,
      newest.1 IN ('accepted', 'converted') AS taken,
      if(
        {half_life_days:Float64} = 0, 1,
        exp2(-dateDiff('millisecond', said.1, {as_of:DateTime64(3, 'UTC')}) / 86400000 / {half_life_days:Float64})
      ) AS left
    FROM route_outcomes FINAL
    WHERE NOT refused AND occurred_at < {as_of:DateTime64(3, 'UTC')} AND decided_at IS NOT NULL
    GROUP BY tenant_id, customer_id, decision_id, buyer_id
  ),
  decisions AS (
    SELECT tenant_id, decision_id, any(currency) AS currency
    FROM routes FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')} AND decision_id IS NOT NULL
    GROUP BY tenant_id, decision_id
  )
SELECT
  offers.tenant_id AS tenant_id,
  coalesce(offers.buyer_id, '') AS buyer_id,
  newest.2 AS quality_tier,
  decisions.currency AS currency,
  count() AS answers,
  countIf(taken) AS accepted,
  countIf(newest.1 = 'converted') AS converted,
  round(sum(left), 6) AS weight,
  round(sumIf(left, taken) / sum(left), 6) AS rate,
  toInt64(round(sumIf(left * newest.3, taken) / sum(left))) AS value_per_lead_minor,
  round(argMax(newest.4, said), 6) AS trusted_ratio
FROM offers
LEFT JOIN decisions ON decisions.tenant_id = offers.tenant_id AND decisions.decision_id = offers.decision_id
GROUP BY tenant_id, buyer_id, quality_tier, currency
