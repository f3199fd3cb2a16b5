-- Answers: how full were buyers, how often did their prices surge, and what did a lead bring, by day or week?
-- Grain:   tenant_id, buyer_id, period (the UTC day, or with granularity 'week' its Monday), currency; buyer_id is '' with
--          by_buyer = 0. A period without an offer has no row.
-- Reads:   routes (FINAL), rows with occurred_at < as_of.
-- Holds:   An offer is a row that reserved, in the period of its event time. surged counts offers whose price had a surge term
--          above 1; surge_ratio is their share. mean_utilization is of offers to buyers with a cap, before the offer; null without
--          one. leads are conversations with an offer of the period, sold offers whose newest step (by _offset) is confirmed:
--          revenue_minor sums their prices, whenever they were confirmed; so over all periods it is the price of all that stands
--          confirmed. revenue_per_lead_minor = revenue_minor / leads, rounded half up. sold, surged, leads <= offers. Other
--          granularities than day and week are refused, and another by_buyer than 0 and 1.
WITH
  (
    SELECT
      throwIf({granularity:String} NOT IN ('day', 'week'), 'granularity is day or week')
      + throwIf({by_buyer:UInt8} > 1, 'by_buyer is 0 or 1')
  ) AS refused,
  offers AS (
    SELECT
      tenant_id, decision_id, currency,
      if({by_buyer:UInt8} = 0, '', coalesce(routes.buyer_id, '')) AS buyer_id,
      if({granularity:String} = 'week', toMonday(occurred_at, 'UTC'), toDate(occurred_at, 'UTC')) AS period,
      (customer_id, conversation_id) AS lead,
      price_minor,
      utilization_ratio,
      arrayExists(term -> term.1 = 'surge' AND term.2 > 1, price_terms) AS has_surged
    FROM routes FINAL
    WHERE NOT refused AND occurred_at < {as_of:DateTime64(3, 'UTC')} AND status = 'reserved'
  ),
  steps AS (
    SELECT tenant_id, decision_id, argMax(status, _offset) AS newest
    FROM routes FINAL
    WHERE occurred_at < {as_of:DateTime64(3, 'UTC')}
      AND status IN ('reserved', 'confirmed', 'released')
      AND decision_id IS NOT NULL
    GROUP BY tenant_id, decision_id
  )
SELECT
  offers.tenant_id AS tenant_id,
  offers.buyer_id AS buyer_id,
  offers.period AS period,
  offers.currency AS currency,
  count() AS offers,
  countIf(has_surged) AS surged,
  round(surged / count(), 6) AS surge_ratio,
  round(avg(utilization_ratio), 6) AS mean_utilization,
  uniqExact(lead) AS leads,
  countIf(steps.newest = 'confirmed') AS sold,
  toInt64(sumIf(price_minor, steps.newest = 'confirmed')) AS revenue_minor,
  toInt64(intDiv(2 * revenue_minor + leads, 2 * leads)) AS revenue_per_lead_minor
FROM offers
INNER JOIN steps ON steps.tenant_id = offers.tenant_id AND steps.decision_id = offers.decision_id
GROUP BY tenant_id, buyer_id, period, currency
