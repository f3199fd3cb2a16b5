-- Answers: what does a lead bring, by the tier of buyers it went to and the day it was offered?
-- Grain:   tenant_id, day (UTC, of the decision), buyer_tier, currency (of the price; '' where the decision's row is not known).
--          Answered offers only.
-- Reads:   route_outcomes (FINAL), rows with occurred_at < as_of whose decision is known; of routes (FINAL) the currency.
-- Holds:   An offer (decision and buyer) counts once, by the buyer's newest word (by event time): it is paid at its price where
--          that is accepted or converted, else at nothing. revenue_minor sums those prices; so over all rows of a currency it is the
--          price of every offer that stands accepted. revenue_per_lead_minor is by answered offer, revenue_per_accepted_minor by
--          accepted one (null without), both rounded half up. 0 <= converted <= accepted <= leads.
WITH
  offers AS (
    SELECT
      tenant_id, customer_id, decision_id, buyer_id,
      argMax(
        (outcome, toDate(decided_at, 'UTC'), coalesce(buyer_tier, ''), coalesce(price_minor, 0)),
        (route_outcomes.occurred_at, _offset, route_outcomes.event_id)
      ) AS newest,
      newest.1 IN ('accepted', 'converted') AS taken
    FROM route_outcomes FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')} AND decided_at IS NOT NULL
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
  assumeNotNull(newest.2) AS day,
  newest.3 AS buyer_tier,
  decisions.currency AS currency,
  count() AS leads,
  countIf(taken) AS accepted,
  countIf(newest.1 = 'converted') AS converted,
  toInt64(sumIf(newest.4, taken)) AS revenue_minor,
  toInt64(intDiv(2 * revenue_minor + leads, 2 * leads)) AS revenue_per_lead_minor,
  if(
    accepted = 0, NULL, toInt64(intDiv(2 * revenue_minor + accepted, 2 * greatest(accepted, 1)))
  ) AS revenue_per_accepted_minor
FROM offers
LEFT JOIN decisions ON decisions.tenant_id = offers.tenant_id AND decisions.decision_id = offers.decision_id
GROUP BY tenant_id, day, buyer_tier, currency
